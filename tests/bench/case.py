# SPDX-License-Identifier: Apache-2.0
"""What a case is, and the plan that the guest does of it."""
import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Figure:
    key: str
    label: str
    unit: str
    read: typing.Callable
    price: bool = False  # what the benefit costs


@dataclasses.dataclass(frozen=True)
class Goal:
    """On the medians of a system; bound is a number, or with `of` a share of that system's figure in the same repetition."""
    key: str
    most: typing.Optional[float] = None
    least: typing.Optional[float] = None
    of: str = ""
    slack: float = 0  # with `of`: this much more in the figure's own unit is no difference
    best_kernel_by: tuple = ()  # `of` is the kernel setting with the least of these figures
    system: str = "uswapd"
    inside: str = ""  # met as well when no worse than this system itself is in one of its repetitions
    best_of: tuple = ()  # `of` is the one of these systems that does best
    words: str = ""


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str
    machine: list
    systems: list
    figures: list
    goals: list
    words: list = dataclasses.field(default_factory=list)  # uswap-stress run WORDS
    before: list = dataclasses.field(default_factory=list)  # lines of the plan that come first
    verb: str = "run"  # of the plan's lines
    seconds: int = 30  # of one run, with what goes around it, at most
    windows: list = dataclasses.field(default_factory=list)  # see figures.Result
    programs: list = dataclasses.field(default_factory=list)  # of the machine that boots the guest


def order(systems, repetition):
    """Who runs when: each system is first, and last, as often as the others."""
    n = repetition % len(systems)
    turned = systems[n:] + systems[:n]
    return turned[::-1] if (repetition // len(systems)) % 2 else turned


def file_name(system):
    return system.replace(":", "-")


def plan(case, repetitions, done_before=0):
    """The lines of the guest's plan, each a list of words."""
    lines = list(case.before)
    for repetition in range(done_before + 1, done_before + repetitions + 1):
        for system in order(case.systems, repetition - 1):
            lines.append([case.verb, f"{repetition}-{file_name(system)}", system] + case.words)
    return lines
