"use strict";
// The page: a card a run, the charts, the figures with their differences, the job. Its data is {"runs": [{"label", "run"}]}:
// the first run is what the others are compared with.

function runCard(label, run) {
	const rows = [["kernel", run.kernel], ["ended", run.ended], ["measured for", format.ns(run.duration_ns)], ["seed", run.seed],
		["sampled every", format.ns(run.interval_ns)]];
	const failures = run.failures ?? [];
	return element("section", { class: "card" },
		element("h3", {}, label, " ", element("span", { class: "badge " + (run.result === "ok" ? "ok" : "failed") }, run.result ?? "?")),
		element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value ?? "–")])),
		failures.length ? element("ul", { class: "failures" }, ...failures.map((text) => element("li", {}, text))) : null);
}

// [name, format, value of a run's load, group or machine]
const latencyFigures = (kind, words) => [["p50", "p50_ns"], ["p99", "p99_ns"], ["p99.9", "p99_9_ns"], ["longest", "max_ns"]].map(
	([name, key]) => [words + " " + name, format.ns, [kind, key]]);
const slowFigures = [["swap-ins", "swap_in"], ["refaults", "read_in"], ["minor faults", "minor_fault"], ["no fault", "no_fault"]].map(
	([name, key]) => ["slow reuse, " + name, format.count, ["reuse", "slow_by_cause", key, "count"]]);
const figuresOf = {
	loads: [
		["operations", format.count, ["operations"]], ["throughput", format.bytesPerSecond, ["bytes_per_s"]],
		...latencyFigures("first", "first touch"), ...latencyFigures("reuse", "reuse"),
		...slowFigures, ["major faults", format.count, ["major_faults"]], ["CPU time", format.ns, ["cpu_ns"]],
		["behind at worst", format.bytes, ["rate", "debt_max_bytes"]], ["given up", format.bytes, ["rate", "lost_bytes"]],
		["looks at the set point", format.count, ["rate", "looks"]],
		["... within 2 % of it", format.count, ["rate", "looks_within_2_percent"]],
		["bound memory elsewhere", format.bytes, ["elsewhere_bytes"]],
		["pages verified", format.count, ["contents", "pages"]], ["wrong pages", format.count, ["contents", "bad_pages"]],
	],
	groups: [
		["memory at most", format.bytes, ["peak_bytes"]], ["memory at the end", format.bytes, ["end", "current_bytes"]],
		["swapped at the end", format.bytes, ["end", "swap_bytes"]], ["dirty at the end", format.bytes, ["end", "file_dirty_bytes"]],
		["stalled, some", (v) => format.ns(v == null ? v : v * 1000), ["stall", "some_us"]],
		["stalled, full", (v) => format.ns(v == null ? v : v * 1000), ["stall", "full_us"]],
		["met its memory.max", format.count, ["events", "max"]], ["met its memory.high", format.count, ["events", "high"]],
		["OOM kills", format.count, ["events", "oom_kill"]], ["pages scanned", format.count, ["stat", "pgscan"]],
		["pages reclaimed directly", format.count, ["stat", "pgsteal_direct"]], ["... by kswapd", format.count, ["stat", "pgsteal_kswapd"]],
		["... on request", format.count, ["stat", "pgsteal_proactive"]],
		["refaults, anon", format.count, ["stat", "workingset_refault_anon"]],
		["refaults, file", format.count, ["stat", "workingset_refault_file"]],
	],
	machine: [
		["stalled, some", (v) => format.ns(v == null ? v : v * 1000), ["stall", "some_us"]],
		["entries into direct reclaim", format.count, ["vmstat", "allocstall"]], ["pages swapped in", format.count, ["vmstat", "pswpin"]],
		["pages swapped out", format.count, ["vmstat", "pswpout"]], ["freed net by swap", format.bytes, ["memory", "swap_net_freed_bytes"]],
		["zram takes at the end", format.bytes, ["memory", "end", "zram_used_bytes"]],
		["CPU time of measuring", format.ns, ["measuring", "cpu_ns"]],
	],
};

function difference(base, value) {
	if (base == null || value == null) return { text: "–", large: false };
	if (base === value) return { text: "=", large: false };
	if (base === 0) return { text: "new", large: true };
	const percent = (100 * (value - base)) / Math.abs(base);
	return { text: (percent > 0 ? "+" : "−") + three(Math.abs(percent)) + " %", large: Math.abs(percent) >= 10 };
}

function figureRow(subject, [name, show, path], values) {
	const cells = values.flatMap((value, i) => {
		const cell = element("td", { "data-figure": subject + "/" + path.join("."), "data-run": i, "data-value": value ?? "" }, show(value));
		if (i === 0) return [cell];
		const { text, large } = difference(values[0], value);
		return [cell, element("td", large ? { class: "large" } : {}, text)];
	});
	return element("tr", {}, element("th", { scope: "row" }, name), ...cells);
}

// Figures that are nothing in all runs are left out.
function figureRows(subject, figures, objects) {
	const rows = figures.map((figure) => [figure, objects.map((one) => dig(one, ...figure[2]) ?? null)])
		.filter(([, values]) => values.some((value) => value))
		.map(([figure, values]) => figureRow(subject, figure, values));
	return rows.length ? [element("tr", { class: "subject" }, element("th", { colspan: 2 * objects.length }, subject)), ...rows] : [];
}

function figureTable(runs, labels) {
	const of = (list, word) => namesOf(runs, list).flatMap((name) =>
		figureRows(word + " " + name, figuresOf[list], runs.map((run) => dig(run, list, indexOf(run, list, name)))));
	const head = labels.flatMap((label, i) => [element("th", { scope: "col" }, label), i ? element("th", { scope: "col" }, "difference") : null]);
	return element("table", { class: "figures" },
		element("thead", {}, element("tr", {}, element("th"), ...head)),
		element("tbody", {}, ...of("groups", "group"), ...of("loads", "load"), ...figureRows("machine", figuresOf.machine, runs.map((run) => run.machine))));
}

// The job as it was said, in the form of a job file.
function jobText(run) {
	let section = null;
	return (run.job ?? []).map(([where, key, value]) => {
		const head = where === section ? "" : (section === null ? "" : "\n") + "[" + where + "]\n";
		section = where;
		return head + key + " = " + value + "\n";
	}).join("");
}

function build() {
	const { runs: given } = JSON.parse(document.getElementById("data").textContent);
	const runs = given.map((one) => one.run), labels = given.map((one) => one.label), main = document.getElementById("main");
	document.title = labels.join(" and ") + " – uswap-stress";
	document.getElementById("header").append(element("h1", {}, "uswap-stress"),
		element("div", { class: "runs" }, ...given.map((one) => runCard(one.label, one.run))));
	for (const [name, charts] of allCharts(runs)) {
		if (charts.length === 0) continue;
		main.append(element("h2", {}, name), element("div", { class: "charts" },
			...charts.flatMap((chart) => runs.map((run, i) => addPanel(chart, run, i, labels)))));
	}
	const cards = curveCards(runs, labels);
	if (cards.length) main.append(element("h2", {}, "Latency of touches, the whole run"), element("div", { class: "charts" }, ...cards));
	main.append(element("h2", {}, runs.length > 1 ? "Figures and differences" : "Figures"),
		element("div", { class: "card wide" }, figureTable(runs, labels)), element("h2", {}, "The job as it was said"),
		...given.map((one) => element("details", { class: "card" }, element("summary", {}, one.label), element("pre", {}, jobText(one.run)))));
	startPlots(runs);
	document.documentElement.dataset.ready = "yes";
}

build();
