# SPDX-License-Identifier: Apache-2.0
"""What a result stands for: the commit, the day, the machine."""
import datetime
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def words_of(command, otherwise):
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return otherwise


def commit():
    return words_of(["git", "describe", "--always", "--dirty", "--abbrev=12"], "unknown")


def date():
    return f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"


def processor():
    return words_of(["sed", "-n", "s/^model name.*: //p;T;q", "/proc/cpuinfo"], "") or platform.machine()
