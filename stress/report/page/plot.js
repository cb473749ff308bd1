"use strict";
// Draws charts with uPlot: same scales in all panels of a chart, one zoom for all charts.

const panels = [];
let whole = [0, 1], shown = [0, 1];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The smallest and largest value that any panel of the chart shows between two times.
function extent(chart, from, to) {
	let min = Infinity, max = -Infinity;
	for (const panel of panels) {
		if (panel.chart !== chart) continue;
		panel.data.slice(1).forEach((values, line) => {
			if (!panel.plot || !panel.plot.series[line + 1].show) return;
			values.forEach((value, i) => {
				if (value == null || panel.data[0][i] < from || panel.data[0][i] > to) return;
				min = Math.min(min, value);
				max = Math.max(max, value);
			});
		});
	}
	return max >= min ? [min, max] : [0, 1];
}

function rangeY(chart) {
	const [min, max] = extent(chart, ...shown);
	const decade = (value) => Math.floor(Math.log10(Math.max(value, 1)));
	if (chart.log) return [10 ** decade(min), 10 ** (decade(max) + 1)];
	return [0, max > 0 ? max * 1.05 : 1];
}

const binarySteps = Array.from({ length: 60 }, (_, i) => 2 ** i);

// Values without a neighbour, which no line shows: they are drawn as points however many samples there are.
function lonely(plot, line, all) {
	const values = plot.data[line];
	return all ? null : values.flatMap((value, i) => (value != null && values[i - 1] == null && values[i + 1] == null ? [i] : []));
}

const axisOptions = () => ({
	font: "11px system-ui, sans-serif", stroke: color("--quiet"), grid: { stroke: color("--grid"), width: 1 },
	ticks: { stroke: color("--grid"), width: 1 },
});

function options(chart, width) {
	const axis = axisOptions();
	return {
		width, height: 190,
		scales: { x: { time: false, range: () => shown }, y: { distr: chart.log ? 3 : 1, range: () => rangeY(chart) } },
		axes: [
			{ ...axis, size: 34, values: (_, ticks) => ticks.map((tick) => (tick == null ? "" : +tick.toFixed(3) + " s")) },
			{
				...axis, size: 80, values: (_, ticks) => ticks.map((tick) => (tick == null ? "" : chart.format(tick))),
				...(chart.binary ? { incrs: binarySteps } : {}),
			},
		],
		series: [
			{ label: "at", value: (_, v) => (v == null ? "" : v.toFixed(2) + " s") },
			...chart.lines.map((line) => ({
				label: line.label, stroke: color("--s" + line.color), width: line.dash ? 1 : 1.6, dash: line.dash,
				fill: line.fill ? color("--s" + line.color) + "22" : undefined,
				points: line.dash ? { show: false } : { size: 4, fill: color("--s" + line.color), filter: lonely },
				value: (_, v) => chart.format(v),
			})),
		],
		cursor: {
			drag: { x: true, y: false, setScale: false },
			sync: { key: "time", filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
			bind: { dblclick: () => () => (zoomTo(...whole), null) },
		},
		hooks: { setSelect: [select], setSeries: [() => redraw(chart)] },
	};
}

// What was dragged over.
function select(plot) {
	const { left, width } = plot.select;
	if (width < 4) return;
	const from = plot.posToVal(left, "x"), to = plot.posToVal(left + width, "x");
	plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
	zoomTo(from, to);
}

function redraw(chart) {
	for (const panel of panels) if (panel.plot && (!chart || panel.chart === chart)) panel.plot.setScale("x", { min: shown[0], max: shown[1] });
}

function zoomTo(from, to) {
	const width = Math.min(Math.max(to - from, (whole[1] - whole[0]) / 1000), whole[1] - whole[0]);
	from = Math.min(Math.max(from, whole[0]), whole[1] - width);
	shown = [from, from + width];
	document.getElementById("window").textContent = shown[0].toFixed(2) + " – " + shown[1].toFixed(2) + " s";
	redraw(null);
}

// A panel's place on the page; it is drawn by draw().
function addPanel(chart, run, index, labels) {
	const data = [run.series.t_ns.map((ns) => ns / 1e9), ...chart.data[index].map((line) => line ?? run.series.t_ns.map(() => null))];
	const place = element("div", { class: "plot" });
	const title = element("h3", {}, chart.title, labels.length > 1 ? element("span", { class: "of-run" }, " · " + labels[index]) : null);
	const card = element("div", { class: "card panel", "data-chart": chart.id, "data-subject": chart.subject, "data-run": index }, title, place);
	if (chart.data[index].every((line) => line == null)) place.append(element("div", { class: "empty" }, "Not in this run."));
	else panels.push({ chart, run: index, data, place, plot: null });
	return card;
}

function draw() {
	for (const panel of panels) {
		panel.plot?.destroy();
		panel.plot = null;
	}
	for (const panel of panels) panel.plot = new uPlot(options(panel.chart, panel.place.clientWidth), panel.data, panel.place);
	drawCurves();
	redraw(null);
}

function startPlots(runs) {
	whole = [0, Math.max(0.001, ...runs.map((run) => (run.series.t_ns.at(-1) ?? 0) / 1e9))];
	draw();
	zoomTo(...whole);
	const on = (id, act) => document.getElementById(id).addEventListener("click", act);
	const zoomBy = (factor) => {
		const middle = (shown[0] + shown[1]) / 2, half = ((shown[1] - shown[0]) / 2) * factor;
		zoomTo(middle - half, middle + half);
	};
	const moveBy = (share) => zoomTo(shown[0] + (shown[1] - shown[0]) * share, shown[1] + (shown[1] - shown[0]) * share);
	on("closer", () => zoomBy(0.5));
	on("wider", () => zoomBy(2));
	on("earlier", () => moveBy(-0.5));
	on("later", () => moveBy(0.5));
	on("whole", () => zoomTo(...whole));
	new ResizeObserver(() => {
		for (const panel of panels)
			if (panel.plot.width !== panel.place.clientWidth) panel.plot.setSize({ width: panel.place.clientWidth, height: 190 });
		for (const curve of curves)
			if (curve.plot.width !== curve.place.clientWidth) curve.plot.setSize({ width: curve.place.clientWidth, height: 220 });
	}).observe(document.getElementById("main"));
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
