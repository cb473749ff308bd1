"use strict";
// Numbers for people. Each takes a number, or null for "nothing there".

const three = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0));

function scaled(value, step, units) {
	let size = Math.abs(value), i = 0;
	while (size >= step && i < units.length - 1) {
		size /= step;
		i++;
	}
	const text = i === 0 ? String(Math.round(size * 100) / 100) : three(size);
	return (value < 0 ? "−" : "") + text + (units[i] ? " " + units[i] : "");
}

const format = {
	bytes: (v) => (v == null ? "–" : scaled(v, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"])),
	bytesPerSecond: (v) => (v == null ? "–" : format.bytes(v) + "/s"),
	ns: (v) => (v == null ? "–" : v >= 1e9 ? three(v / 1e9) + " s" : scaled(v, 1000, ["ns", "µs", "ms"])),
	count: (v) => (v == null ? "–" : Number.isInteger(v) ? v.toLocaleString("en").replace(/,/g, "\u202f") : three(v)),
	perSecond: (v) => (v == null ? "–" : scaled(v, 1000, ["", "k", "M", "G"]) + "/s"),
	percent: (v) => (v == null ? "–" : three(v) + " %"),
	seconds: (v) => (v == null ? "–" : three(v) + " s"),
};

// Makes an element; text goes in as text, whatever it holds.
function element(name, attributes = {}, ...children) {
	const made = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
	made.append(...children.filter((child) => child != null).map((child) => (child instanceof Node ? child : String(child))));
	return made;
}

// A value inside nested objects, undefined where there is none.
const dig = (from, ...keys) => keys.reduce((at, key) => (at == null ? undefined : at[key]), from);

// The names of groups or loads of all runs, in order, each once.
function namesOf(runs, list) {
	return [...new Set(runs.flatMap((run) => (dig(run, list) ?? []).map((one) => one.name)))];
}

const indexOf = (run, list, name) => (dig(run, list) ?? []).findIndex((one) => one.name === name);
