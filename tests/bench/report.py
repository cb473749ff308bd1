# SPDX-License-Identifier: Apache-2.0
"""Statistics over the repetitions, tables of text, and whether the goals were met."""
import dataclasses
import statistics

from case import file_name

BASE = "kernel"  # what ratios are taken of: the kernel alone, as it comes


def base_of(case):
    return next((system for system in case.systems if system.split(":")[0] == BASE), None)


class Measured:
    """A case's figures: values[system][key] is {repetition: number}."""

    def __init__(self, case, results):
        self.case = case
        self.values = {}
        for system in case.systems:
            runs = results[file_name(system)]
            self.values[system] = {
                figure.key: {n: value for n, run in runs.items() if (value := figure.read(run)) is not None}
                for figure in case.figures}

    def median(self, system, key):
        values = self.values[system][key].values()
        return statistics.median(values) if values else None

    def ratio(self, system, base, key, slack=0):
        """Median over the repetitions of figure / figure of base in the same repetition."""
        ratios = []
        for repetition, value in self.values[system][key].items():
            of = self.values[base][key].get(repetition)
            if of is None:
                continue
            ratios.append(1.0 if abs(value - of) <= slack else value / of if of else float("inf"))
        return statistics.median(ratios) if ratios else None

    def best_kernel(self, keys):
        settings = [system for system in self.case.systems if system.split(":")[0] == BASE]
        known = [system for system in settings if all(self.median(system, key) is not None for key in keys)]
        return min(known, key=lambda system: [self.median(system, key) for key in keys], default=None)

    def best(self, systems, key, least):
        known = {system: value for system in systems if (value := self.median(system, key)) is not None}
        return (min if least else max)(known, key=known.get, default=None)


@dataclasses.dataclass
class Judged:
    goal: object
    value: float  # None: not measured here
    bound: float
    wanted: str
    inside: bool = False  # the spread of goal.inside

    @property
    def met(self):
        return self.value is not None and (self.inside or (
            self.value <= self.bound if self.goal.most is not None else self.value >= self.bound))

    def verdict(self):
        if self.value is None:
            return "not measured"
        return "met" if self.met else f"MISSED by {number(abs(self.value - self.bound))}"


def judge(measured, goal):
    judged = compare(measured, goal)
    if goal.inside and judged.value is not None:
        value, spread = measured.median(goal.system, goal.key), measured.values[goal.inside][goal.key].values()
        judged.inside = bool(spread) and (value <= max(spread) if goal.most is not None else value >= min(spread))
    return judged


def compare(measured, goal):
    sign, bound = ("<=", goal.most) if goal.most is not None else (">=", goal.least)
    of = goal.of
    if goal.best_kernel_by:
        of = measured.best_kernel(goal.best_kernel_by)
        if of is None:
            return Judged(goal, None, bound, f"{sign} {number(bound)} x the best kernel setting")
    if goal.best_of:
        of = measured.best(goal.best_of, goal.key, least=goal.most is not None)
        if of is None:
            return Judged(goal, None, bound, f"{sign} {number(bound)} x the best of {', '.join(goal.best_of)}")
    if not of:
        return Judged(goal, measured.median(goal.system, goal.key), bound, f"{sign} {number(bound)}")
    if measured.median(of, goal.key) == 0:  # there is no ratio to nothing
        return Judged(goal, measured.median(goal.system, goal.key), goal.slack, f"{sign} {number(goal.slack)} ({of} has 0)")
    return Judged(goal, measured.ratio(goal.system, of, goal.key, goal.slack), bound, f"{sign} {number(bound)} x {of}")


def number(value):
    if value is None:
        return "-"
    if value == float("inf"):
        return "inf"
    if float(value).is_integer() and abs(value) >= 10 or abs(value) >= 1000:
        return f"{value:.0f}"
    if value == 0:
        return "0"
    return f"{value:.3g}"


def cell(measured, system, figure):
    values = sorted(measured.values[system][figure.key].values())
    if not values:
        return "-"
    text = number(statistics.median(values))
    if values[0] != values[-1]:
        text += f" ({number(values[0])}..{number(values[-1])})"
    return text


def ratio_cell(measured, system, base, figure):
    if base is None or system == base:
        return ""
    if not measured.median(base, figure.key):
        return ""
    ratio = measured.ratio(system, base, figure.key)
    return "" if ratio is None or ratio == float("inf") else f"{ratio:.2f}"


def rows(measured):
    case, base = measured.case, base_of(measured.case)
    head = [""]
    for system in case.systems:
        head += [system] if system == base or base is None else [system, "ratio"]
    table = [head]
    for price in (False, True):
        if price and any(figure.price for figure in case.figures):
            table.append(["price"])
        for figure in case.figures:
            if figure.price != price:
                continue
            row = [f"{figure.label}{', ' + figure.unit if figure.unit else ''}"]
            for system in case.systems:
                row.append(cell(measured, system, figure))
                if system != base and base is not None:
                    row.append(ratio_cell(measured, system, base, figure))
            table.append(row)
    return table


def text_table(table):
    widths = [max(len(row[i]) for row in table if i < len(row)) for i in range(max(map(len, table)))]
    lines = []
    for row in table:
        cells = [row[0].ljust(widths[0])] + [text.rjust(width) for text, width in zip(row[1:], widths[1:])]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def case_text(measured, judgements):
    lines = [f"== {measured.case.name}: {measured.case.title}", text_table(rows(measured)), "goals"]
    for judged in judgements:
        lines.append(f"  {judged.goal.words} ({judged.wanted}): {number(judged.value)}, {judged.verdict()}")
    return "\n".join(lines) + "\n"


def summary_text(judged_cases):
    """One line a goal over all cases."""
    table = [["case", "goal", "wanted", "measured", ""]]
    for measured, judgements in judged_cases:
        for judged in judgements:
            table.append([measured.case.name, judged.goal.words, judged.wanted, number(judged.value), judged.verdict()])
    widths = [max(len(row[i]) for row in table) for i in range(5)]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in table)
