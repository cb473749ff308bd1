# SPDX-License-Identifier: Apache-2.0
"""For what is measured natively: the agent on a fake machine with many groups."""
import argparse
import contextlib
import glob
import os
import shutil
import subprocess
import tempfile

import origin


def build_directory(usage):
    """The command line's; usage is what --help prints."""
    parser = argparse.ArgumentParser(description=usage, usage="%(prog)s [BUILD]", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", default=origin.ROOT / "build/release", help="where the programs are (default build/release)")
    build = os.path.realpath(parser.parse_args().build)
    if not os.path.exists(f"{build}/tests/tools/fake_root"):
        parser.error(f"{build}: not built (cmake --build --preset release)")
    return build


def print_origin():
    print(f"commit   {origin.commit()}\ndate     {origin.date()}\nmachine  {os.cpu_count()} CPUs, {origin.processor()}\n")


@contextlib.contextmanager
def fake_machine(build, n_groups):
    """Its root directory."""
    environment = dict(os.environ, USWAP_TEST_DATA=origin.ROOT / "tests/unit/data")
    root = subprocess.run([f"{build}/tests/tools/fake_root", str(n_groups)], check=True, env=environment,
                          stdout=subprocess.PIPE, text=True).stdout.strip()
    try:
        yield root
    finally:
        shutil.rmtree(root)


@contextlib.contextmanager
def agent(build, root, *settings):
    """Its process and its control socket."""
    with tempfile.TemporaryDirectory(prefix="uswapd-bench.") as work:
        control = os.path.join(work, "control.sock")
        words = [word for setting in (f"agent.socket={control}", "agent.log_level=error", *settings) for word in ("--set", setting)]
        with subprocess.Popen([f"{build}/agent/uswapd", "--root", root, "--dry-run",
                               "--topology", "synthetic:numa:2 core:1 pu:1", *words]) as process:
            try:
                yield process, control
            finally:
                process.terminate()


def cpu_s(*pids):
    """Of all their threads, those that are there."""
    total_ns = 0
    for task in (task for pid in pids for task in glob.glob(f"/proc/{pid}/task/*/schedstat")):
        with open(task, encoding="ascii") as schedstat:
            total_ns += int(schedstat.read().split()[0])
    return total_ns / 1e9
