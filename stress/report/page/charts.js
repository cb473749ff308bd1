"use strict";
// Which charts there are. A chart has one panel a run, all with the same scales. Its lines are functions of a run that
// give an array as long as the run has samples, or null where the run has no such thing.

const column = (run, list, name, key) => {
	const columns = list === "machine" ? dig(run, "series", "machine") : dig(run, "series", list, indexOf(run, list, name));
	return dig(columns, key) ?? null;
};

// Growth a second of a counter, times a factor: nothing at the first sample, nor at one that follows at once (the last may).
function rate(run, values, factor = 1) {
	const times = run.series.t_ns, least = (run.interval_ns ?? 0) / 4;
	return values && values.map((value, i) =>
		i === 0 || times[i] - times[i - 1] <= least ? null : ((value - values[i - 1]) * 1e9 * factor) / (times[i] - times[i - 1]));
}

// Latencies of intervals in which nothing happened are no zeros.
function latency(run, name, kind, key) {
	const counts = column(run, "loads", name, kind + "_count"), values = column(run, "loads", name, kind + "_" + key);
	return counts && values && counts.some((n) => n > 0) ? values.map((value, i) => (counts[i] > 0 ? value : null)) : null;
}

const level = (list, name, label, key, more = {}) => ({ label, of: (run) => column(run, list, name, key), ...more });
const counter = (list, name, label, key, factor = 1, more = {}) =>
	({ label, of: (run) => rate(run, column(run, list, name, key), factor), ...more });

// A setting of a group in bytes, as a level line.
const limit = (name, file) => ({
	label: file,
	dash: [6, 4],
	of: (run) => {
		const text = dig(run, "groups", indexOf(run, "groups", name), "settings", file);
		return /^\d+$/.test(text ?? "") ? run.series.t_ns.map(() => Number(text)) : null;
	},
});

const groupCharts = (name) => [
	{
		id: "memory", section: "Memory", title: "Memory of " + name, format: format.bytes, binary: true,
		lines: [
			level("groups", name, "in all", "current_bytes", { fill: true }),
			level("groups", name, "anon", "anon_bytes"),
			level("groups", name, "file", "file_bytes"),
			level("groups", name, "swapped", "swap_bytes"),
			limit(name, "memory.max"),
			limit(name, "memory.high"),
		],
	},
	{
		id: "psi", section: "Pressure (PSI, share of the time)", title: "Stalled for memory in " + name, format: format.percent,
		lines: [
			counter("groups", name, "some", "stall_some_us", 1e-4, { fill: true }),
			counter("groups", name, "full", "stall_full_us", 1e-4),
		],
	},
	{
		id: "reclaim", section: "Reclaim and refaults (pages a second)", title: "Taken from " + name, format: format.perSecond,
		lines: [
			counter("groups", name, "scanned", "pgscan"),
			counter("groups", name, "direct", "pgsteal_direct"),
			counter("groups", name, "kswapd", "pgsteal_kswapd"),
			counter("groups", name, "on request", "pgsteal_proactive"),
		],
	},
	{
		id: "refaults", section: "Reclaim and refaults (pages a second)", title: "Refaults and major faults of " + name,
		format: format.perSecond,
		lines: [
			counter("groups", name, "anon", "workingset_refault_anon"),
			counter("groups", name, "file", "workingset_refault_file"),
			counter("groups", name, "major faults", "pgmajfault"),
		],
	},
];

const loadCharts = (name) => [
	{
		id: "there", section: "Memory", title: "What " + name + " has there", format: format.bytes, binary: true,
		lines: [{ label: "there", of: (run) => column(run, "loads", name, "resident_pages")?.map((pages) => pages * 4096) ?? null, fill: true }],
	},
	...[["first", "First touches of "], ["reuse", "Reuse by "]].map(([kind, words]) => ({
		id: "latency-" + kind, section: "Latency of touches, percentiles of each interval", title: words + name, format: format.ns,
		log: true,
		lines: [["p50", "p50_ns"], ["p99", "p99_ns"], ["p99.9", "p99_9_ns"], ["longest", "max_ns"]].map(([label, key]) =>
			({ label, of: (run) => latency(run, name, kind, key) })),
	})),
	{
		id: "throughput", section: "Throughput", title: "Touched and read by " + name, format: format.bytesPerSecond, binary: true,
		lines: [counter("loads", name, "bytes", "bytes", 1, { fill: true })],
	},
	{
		id: "slow", section: "Slow touches by cause", title: "Slow touches of " + name, format: format.perSecond,
		lines: [["swap-in", "swap_in"], ["read in", "read_in"], ["minor fault", "minor_fault"], ["no fault", "no_fault"]].map(
			([label, key]) => counter("loads", name, label, "slow_" + key)),
	},
];

function machineCharts(runs) {
	const nodes = Math.max(0, ...runs.map((run) => (dig(run, "series", "nodes") ?? []).length));
	const ofNode = (i, key) => (run) => dig(run, "series", "nodes", i, key) ?? null;
	return [
		{
			id: "psi-machine", section: "Pressure (PSI, share of the time)", title: "Stalled for memory, the machine",
			format: format.percent,
			lines: [
				counter("machine", null, "some", "stall_some_us", 1e-4, { fill: true }),
				counter("machine", null, "full", "stall_full_us", 1e-4),
			],
		},
		{
			id: "nodes", section: "Machine", title: "Free memory by node", format: format.bytes, binary: true,
			lines: Array.from({ length: nodes }, (_, i) => ({ label: "node " + (dig(runs[0], "machine", "nodes", i, "id") ?? i),
				of: ofNode(i, "free_bytes") })),
		},
		{
			id: "swap", section: "Machine", title: "Swap, and what it costs in memory", format: format.bytes, binary: true,
			lines: [
				level("machine", null, "swapped", "swap_used_bytes"),
				level("machine", null, "zram takes", "zram_used_bytes"),
				level("machine", null, "zswap takes", "zswap_used_bytes"),
			],
		},
		{
			id: "reclaim-machine", section: "Machine", title: "Reclaim of the machine (pages a second)", format: format.perSecond,
			lines: [
				counter("machine", null, "direct", "pgsteal_direct"),
				counter("machine", null, "kswapd", "pgsteal_kswapd"),
				counter("machine", null, "swapped in", "pswpin"),
				counter("machine", null, "swapped out", "pswpout"),
			],
		},
	];
}

// By section, in the order in which sections first appear; charts without a line that ever was above zero are left out.
function allCharts(runs) {
	const charts = [
		...namesOf(runs, "groups").flatMap((name) => groupCharts(name).map((chart) => ({ ...chart, subject: "group " + name }))),
		...namesOf(runs, "loads").flatMap((name) => loadCharts(name).map((chart) => ({ ...chart, subject: "load " + name }))),
		...machineCharts(runs).map((chart) => ({ ...chart, subject: "machine" })),
	];
	const order = ["Memory", "Pressure (PSI, share of the time)", "Latency of touches, percentiles of each interval",
		"Reclaim and refaults (pages a second)", "Slow touches by cause", "Throughput", "Machine"];
	const sections = new Map(order.map((name) => [name, []]));
	for (const chart of charts) {
		chart.data = runs.map((run) => chart.lines.map((line) => line.of(run)));
		const shows = (i) => chart.data.some((lines) => lines[i] && lines[i].some((value) => value > 0));
		const shown = chart.lines.map((_, i) => i).filter(shows);
		if (shown.length === 0 || shown.every((i) => chart.lines[i].dash)) continue;
		chart.data = chart.data.map((lines) => shown.map((i) => lines[i]));
		chart.lines = shown.map((i) => ({ ...chart.lines[i], color: i % 6 }));
		sections.get(chart.section).push(chart);
	}
	return sections;
}
