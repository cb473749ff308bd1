"use strict";
// Latency over the whole run: what share of the touches took at most how long, all runs in one chart. The axis counts
// nines: 1 is 90 %, 2 is 99 %.

const curves = [];
const nines = Array.from({ length: 61 }, (_, i) => i / 10);
const nineShare = (n) => +(100 - 100 / 10 ** n).toPrecision(Math.floor(n) + 1) + " %";

// The time within which that share of the touches was done, from [end of the bucket in ns, count] pairs. Beyond the last
// touch there is nothing to say.
function curveOf(histogram) {
	const { count, max_ns: max, buckets } = histogram ?? {};
	if (!count || !Array.isArray(buckets)) return null;
	return nines.map((n) => {
		if (count / 10 ** n < 1 && n > 0) return null;
		let left = Math.max(1, Math.ceil(count * (1 - 1 / 10 ** n) - 1e-6));
		for (const [end, here] of buckets) if ((left -= here) <= 0) return Math.max(1, Math.min(end, max));
		return max;
	});
}

function curveCards(runs, labels) {
	return namesOf(runs, "loads").flatMap((name) => {
		const lines = runs.flatMap((run, i) => ["first", "reuse"].map((kind) => ({
			label: kind + (labels.length > 1 ? " · " + labels[i] : ""), color: (kind === "first" ? 0 : 1) + 2 * i,
			values: curveOf(dig(run, "loads", indexOf(run, "loads", name), kind)),
		}))).filter((line) => line.values);
		if (lines.length === 0) return [];
		const place = element("div", { class: "plot" });
		curves.push({ lines, place, plot: null });
		return [element("div", { class: "card", "data-curve": name }, element("h3", {}, "Touches of " + name + " done within"), place)];
	});
}

function drawCurves() {
	for (const curve of curves) {
		curve.plot?.destroy();
		const axis = axisOptions(), shown = 1 + Math.max(...curve.lines.map((line) => line.values.findLastIndex((value) => value != null)));
		curve.plot = new uPlot({
			width: curve.place.clientWidth, height: 220, padding: [null, 28, null, null],
			scales: { x: { time: false }, y: { distr: 3 } },
			axes: [
				{ ...axis, size: 34, incrs: [1, 2, 3], values: (_, ticks) => ticks.map((tick) => (tick < 0 ? "" : nineShare(tick))) },
				{ ...axis, size: 80, values: (_, ticks) => ticks.map((tick) => (tick == null ? "" : format.ns(tick))) },
			],
			series: [
				{ label: "share", value: (_, v) => (v == null ? "" : nineShare(v)) },
				...curve.lines.map((line) => ({
					label: line.label, stroke: color("--s" + (line.color % 6)), width: 1.6, points: { show: false }, value: (_, v) => format.ns(v),
				})),
			],
			cursor: { drag: { x: true, y: false } },
		}, [nines.slice(0, shown), ...curve.lines.map((line) => line.values.slice(0, shown))], curve.place);
	}
}
