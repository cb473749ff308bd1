# SPDX-License-Identifier: Apache-2.0
"""The command line of tests/bench/run: boots a machine for each case, has the plan done in it, prints the tables."""
import argparse
import dataclasses
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import figures
import origin
import report
from case import file_name, plan
from cases import CASES, PROGRAMS

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
COUNTED = {"--icount", "--skip-idle"}  # of tests/vm/run: the guest's time counts instructions
SETUP_SECONDS = 60  # of the guest: calibration, files, groups


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="tests/bench/run", description="Measures what uswapd does for services, and to them, in virtual machines.",
        epilog="Status: 0 every goal was met, 1 one was missed, 2 a run failed or wrong usage, 77 the kernel cannot be had.")
    parser.add_argument("--case", action="append", metavar="NAME", default=[],
                        help="only this case, or all whose names begin so; may be repeated")
    parser.add_argument("--list", action="store_true", help="list the cases and their goals")
    parser.add_argument("--repetitions", type=int, default=5, metavar="N", help="of each system (default 5)")
    parser.add_argument("--quick", action="store_true", help="one repetition")
    parser.add_argument("--kernel", default="6.18", metavar="K", help="as for tests/vm/run (default 6.18)")
    parser.add_argument("--kvm", action="store_true", help="use KVM instead of emulation")
    parser.add_argument("--json", metavar="DIR", help="keep every raw result in DIR/CASE")
    parser.add_argument("--more", action="store_true", help="add the repetitions to those that --json DIR has, in another boot")
    parser.add_argument("--from-json", metavar="DIR", help="run nothing: print the tables of what --json kept")
    parser.add_argument("--keep", action="store_true", help="keep the tables as tests/bench/results/KERNEL.txt")
    parser.add_argument("--build", metavar="DIR", help="where the programs are (default build/release, which is built)")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.repetitions = 1
    if arguments.repetitions < 1:
        parser.error("--repetitions: at least 1")
    if arguments.more and not arguments.json:
        parser.error("--more: to what? --json is missing")
    chosen = [case for case in CASES if not arguments.case or any(case.name.startswith(name) for name in arguments.case)]
    for name in arguments.case:
        if not any(case.name.startswith(name) for case in CASES):
            parser.error(f"no case {name} (see --list)")
    return arguments, chosen


def list_cases(cases):
    for case in cases:
        print(f"{case.name}: {case.title}")
        print(f"    {', '.join(case.systems)}")
        for goal in case.goals:
            print(f"    goal: {goal.words}")


def programs(case):
    """Of this machine, that the case's systems need."""
    return case.programs + [PROGRAMS[system] for system in case.systems if system in PROGRAMS and system not in missing(case)]


def missing(case):
    """The case's systems whose programs this machine lacks."""
    return [system for system in case.systems if system in PROGRAMS and not shutil.which(PROGRAMS[system])]


def without(case, systems):
    return dataclasses.replace(case, systems=[system for system in case.systems if system not in systems])


def boot(case, arguments, directory, done_before):
    """Runs the case's plan in a machine; what it leaves comes to the directory. Returns the machine's status."""
    lines = plan(without(case, missing(case)), arguments.repetitions, done_before)
    (directory / "plan").write_text("".join("\t".join(line) + "\n" for line in lines))
    runs = sum(line[0] == case.verb for line in lines)
    for system in missing(case):
        print(f"{case.name}: without {system}, which is not installed (packaging/setup rivals)", file=sys.stderr)
    command = [str(origin.ROOT / "tests/vm/run"), "--quiet", "--kernel", arguments.kernel, *case.machine,
               "--timeout", str(SETUP_SECONDS + runs * case.seconds), "--out", str(directory),
               "--add", f"{directory / 'plan'}:plan"]
    for program in programs(case):
        command += ["--add", program]
    if arguments.build:
        command += ["--build", arguments.build]
    if arguments.kvm:
        command = [word for word in command if word not in COUNTED] + ["--kvm"]
    command += ["--", "tests/bench/guest", "/uswapd/plan"]
    done = 0
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace") as vm:
        for line in vm.stdout:
            line = line.rstrip()
            if line.startswith("bench: run "):
                done += 1
                line = f"{case.name}: run {done} of {runs}: {line[len('bench: run '):]}"
            if line != "bench: done":
                print(line, file=sys.stderr, flush=True)
    return vm.returncode


def measure(case, directory):
    """The case's figures, and words about runs that failed or are missing."""
    results = figures.load_results(directory, [file_name(system) for system in case.systems], case.windows)
    problems, kernels = [], set()
    for system in case.systems:
        runs = results[file_name(system)]
        if not runs:
            problems.append(f"{case.name}: no result of {system}")
        for repetition, run in runs.items():
            kernels.add(run.kernel)
            problems += [f"{case.name}: {repetition}-{system}: {failure}" for failure in run.failures]
    return report.Measured(case, results), problems, kernels - {""}


def about(case, arguments, repetitions, boots):
    """What a result depends on beside the plan, kept beside it."""
    qemu = re.search(r"version (\S+)", origin.words_of(["qemu-system-x86_64", "--version"], ""))
    accelerator = "KVM" if arguments.kvm else "TCG (emulated CPUs: compare runs with runs)"
    if COUNTED.intersection(case.machine) and not arguments.kvm:
        accelerator = "TCG (time counts instructions)"
    cpus = int(case.machine[case.machine.index("--cpus") + 1]) if "--cpus" in case.machine else 2
    return {
        **({"left out": missing(case)} if missing(case) else {}),
        "commit": origin.commit(),
        "date": origin.date(),
        "machine": f"QEMU {qemu.group(1) if qemu else '?'}, {accelerator}, {cpus} CPU{'s' if cpus > 1 else ''}, 2 nodes, on {origin.processor()}",
        "runs": f"{repetitions} of each system, in turn, in {'one boot' if boots == 1 else f'{boots} boots'} a case",
        "boots": boots,
    }


def words(value):
    return value if isinstance(value, list) else [value]


def header(abouts):
    """Of all cases; where they differ, every value."""
    keys = dict.fromkeys(key for one in abouts for key in one if key != "boots")
    values = {key: sorted({word for one in abouts if key in one for word in words(one[key])}) for key in keys}
    lines = [f"{key:<9}{'; '.join(values[key])}" for key in keys]
    return "\n".join(lines + ["figures  median (min..max); ratio: median of the ratios to the kernel alone in the same repetition"])


def run_case(case, arguments, keep):
    directory = pathlib.Path(arguments.from_json or keep) / case.name
    if arguments.from_json:
        return directory, 0
    if not arguments.more:
        shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, exist_ok=True)
    runs = figures.load_results(directory, [file_name(case.systems[0])], [])[file_name(case.systems[0])]
    boots = read_about(directory).get("boots", 0) + 1
    words = about(case, arguments, len(runs) + arguments.repetitions, boots)
    (directory / "about.json").write_text(json.dumps(words, indent=1) + "\n")
    return directory, boot(case, arguments, directory, max(runs, default=0))


def read_about(directory):
    kept = directory / "about.json"
    return json.loads(kept.read_text()) if kept.exists() else {}


def run_all(cases, arguments, keep):
    judged, problems, abouts = [], [], []
    for case in cases:
        lacking = [program for program in case.programs if not shutil.which(program)]
        if lacking and not arguments.from_json:
            print(f"{case.name}: left out: {', '.join(lacking)} is not installed (packaging/setup services)", file=sys.stderr)
            continue
        directory, status = run_case(case, arguments, keep)
        if status == SKIPPED:
            return SKIPPED
        if status:
            problems.append(f"{case.name}: the machine ended with status {status}")
        if not directory.is_dir():
            continue
        about_case = read_about(directory)
        measured, wrong, seen = measure(without(case, about_case.get("left out", [])), directory)
        problems += wrong
        abouts.append({"kernel": ", ".join(sorted(seen)) or "unknown", **about_case})
        if any(any(values.values()) for system, values in measured.values.items() if system.startswith("uswapd")):
            judged.append((measured, [report.judge(measured, goal) for goal in case.goals]))
            print(report.case_text(*judged[-1]), flush=True)
    missed = sum(not one.met for _, judgements in judged for one in judgements)
    total = sum(len(judgements) for _, judgements in judged)
    closing = f"{total - missed} of {total} goals met"
    summary = f"{header(abouts)}\n\n{report.summary_text(judged)}\n\n{closing}\n"
    if problems:
        summary += "\n" + "\n".join(f"problem: {problem}" for problem in problems) + "\n"
    print(summary)
    if arguments.keep:
        kept = HERE / "results" / f"{arguments.kernel}.txt"
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(summary + "\n" + "\n".join(report.case_text(*one) for one in judged))
        print(f"kept in {kept}", file=sys.stderr)
    return 2 if problems or not judged else 1 if missed else 0


def main():
    arguments, cases = parse_arguments()
    if arguments.list:
        list_cases(cases)
        return 0
    with tempfile.TemporaryDirectory(prefix="uswapd-bench.") as temporary:
        return run_all(cases, arguments, arguments.json or temporary)


if __name__ == "__main__":
    sys.exit(main())
