# SPDX-License-Identifier: Apache-2.0
"""Figures out of the raw results: one function a figure, from a Result to a number, or None where it is not known."""
import json
import pathlib
import statistics

MIB = 1 << 20


class Result:
    """One run: the JSON that uswap-stress wrote (or the idle case's), and the agent's status at its end."""

    def __init__(self, path, windows=None):
        self.path = path
        self.data = json.loads(path.read_text())
        status = path.with_suffix(".status.json")
        text = status.read_text() if status.exists() else ""
        self.status = json.loads(text) if text.strip() else None
        self.quiet_windows = windows or []  # seconds since the run began: between the bursts

    @property
    def kernel(self):
        return self.data.get("kernel", "")

    @property
    def failures(self):
        return self.data.get("failures", [])

    def loads(self, prefix=""):
        return [load for load in self.data["loads"] if load["name"].startswith(prefix)]

    def group(self, name="svc"):
        return next(group for group in self.data["groups"] if group["name"] == name)

    def vmstat(self):
        return self.data["machine"]["vmstat"]

    def node(self, number):
        return next(node for node in self.data["machine"]["nodes"] if node["id"] == number)


def before_618(kernel):
    """Kernels that count proactive reclaim as direct reclaim in memory.stat."""
    numbers = [int("".join(c for c in part if c.isdigit()) or 0) for part in kernel.split(".")[:2]]
    return numbers < [6, 18]


def percentile_ns(histograms, share):
    """The share-th part of all values lies below it; buckets are [largest value, count]."""
    counts = {}
    for histogram in histograms:
        for end, count in histogram["buckets"]:
            counts[end] = counts.get(end, 0) + count
    wanted = share * sum(counts.values())
    seen = 0
    for end in sorted(counts):
        seen += counts[end]
        if seen >= wanted:
            return end
    return None


# What the load got done and how long its touches took.
def work_mib(result, prefix=""):
    return sum(load["bytes"] for load in result.loads(prefix)) / MIB


def passes(result):
    load = result.loads()[0]
    return load["bytes"] / load["size_bytes"]


def throughput_mib(result):
    return sum(load["bytes_per_s"] for load in result.loads()) / MIB


def first_touch_ms(share, prefix=""):
    return lambda result: percentile_ns([load["first"] for load in result.loads(prefix)], share) / 1e6


def first_touch_max_ms(prefix=""):
    return lambda result: max(load["first"]["max_ns"] for load in result.loads(prefix)) / 1e6


def reuse_ms(share, prefix=""):
    return lambda result: percentile_ns([load["reuse"] for load in result.loads(prefix)], share) / 1e6


def verified_pages(result):
    return sum(load["contents"]["pages"] for load in result.loads())


# What its group went through.
def group_stall_ms(name="svc"):
    return lambda result: result.group(name)["stall"]["some_us"] / 1e3


def group_event(which, name="svc"):
    return lambda result: result.group(name)["events_local"][which]


def group_stat(which, name="svc"):
    return lambda result: result.group(name)["stat"][which]


def group_direct_pages(name="svc"):
    """Pages scanned in direct reclaim; unknown where the kernel mixes them with proactive reclaim."""
    return lambda result: (
        None if before_618(result.kernel) else result.group(name)["stat"]["pgscan_direct"])


def refaults(name="svc"):
    def figure(result):
        stat = result.group(name)["stat"]
        return stat["workingset_refault_anon"] + stat["workingset_refault_file"]
    return figure


def refaults_permille_of_reads(result):
    """Refaults for 1000 pages read."""
    return 1000 * refaults()(result) / max(1, sum(load["bytes"] for load in result.loads()) / 4096)


# What the machine went through.
def vmstat(which):
    return lambda result: result.vmstat()[which]


def vmstat_until(which, seconds):
    """As it was at the last sample before so many seconds."""
    def figure(result):
        series = result.data["series"]
        last = max(i for i, t_ns in enumerate(series["t_ns"]) if t_ns < seconds * 1e9)
        return series["machine"][which][last]
    return figure


def vmstat_from(which, seconds):
    return lambda result: vmstat(which)(result) - vmstat_until(which, seconds)(result)


def proactive_pages(result):
    """Reclaimed from the groups and from the nodes by request; the machine's counter lacks the groups' on 6.18."""
    groups = sum(group["stat"]["pgsteal_proactive"] for group in result.data["groups"])
    return max(groups, result.vmstat()["pgsteal_proactive"])


def cpu_ms(processes):
    """The scheduler's own sum is exact, the other goes by clock ticks."""
    return sum(process.get("runtime_ns") or process.get("cpu_ns", 0) for process in processes) / 1e6


def kswapd_ms(result):
    return cpu_ms(result.data["machine"]["kswapd"])


def rival_ms(result):
    """CPU time of the agent or its rival, in reclaim too, since its own processes reclaim."""
    return cpu_ms(result.data["machine"]["watched"])


def rival_wakeups_per_s(result):
    switches = sum(process.get("voluntary_switches", 0) for process in result.data["machine"]["watched"])
    return switches / (result.data["duration_ns"] / 1e9)


def rival_resident_mib(result):
    return sum(process.get("resident_bytes", 0) for process in result.data["machine"]["watched"]) / MIB


def reclaim_cpu_ms(name="svc"):
    """kswapd, the agent, and the time the group stood in direct reclaim."""
    return lambda result: kswapd_ms(result) + rival_ms(result) + group_stall_ms(name)(result)


def node_file_mib(number, at_s):
    """Page cache of a node then."""
    return lambda result: sample_at(result, at_s)["node_file_bytes"][number] / MIB


def node_file_kept(number, from_s):
    """Page cache of a node at the end, as percent of what it was when the bursts began."""
    def figure(result):
        samples = [s for s in result.data["samples"] if s["t_ns"] <= from_s * 1e9]
        begin = samples[-1]["node_file_bytes"][number]
        return 100 * result.data["samples"][-1]["node_file_bytes"][number] / begin
    return figure


def node_share_freed(number, from_s):
    """Of the page cache that all nodes lost since the bursts began, what that node lost, in percent."""
    def figure(result):
        begin = [s for s in result.data["samples"] if s["t_ns"] <= from_s * 1e9][-1]["node_file_bytes"]
        lost = [max(0, was - now) for was, now in zip(begin, result.data["samples"][-1]["node_file_bytes"])]
        return 100 * lost[number] / sum(lost) if sum(lost) >= MIB else None
    return figure


def swapping_s(quiet_s):
    """How long anonymous memory went to swap, until for quiet_s none did; 0: it never did."""
    def figure(result):
        series = result.data["series"]
        out = series["machine"]["pswpout"]
        at = [t_ns / 1e9 for i, t_ns in enumerate(series["t_ns"]) if i and out[i] > out[i - 1]]
        last = next((t for t, after in zip(at, at[1:]) if after - t > quiet_s), at[-1] if at else 0)
        return last - at[0] if at else 0
    return figure


def node_free_quiet_mib(number):
    """Free memory of a node, the mean over the times between bursts."""
    def figure(result):
        values = [s["node_free_bytes"][number] for s in result.data["samples"]
                  if any(begin * 1e9 <= s["t_ns"] < end * 1e9 for begin, end in result.quiet_windows)]
        return sum(values) / len(values) / MIB if values else None
    return figure


def sample_at(result, at_s):
    return min(result.data["samples"], key=lambda s: abs(s["t_ns"] - at_s * 1e9))


def fullest_sample(result, until_s, name):
    """The one with most memory in the group before that time, and the group's place in every sample."""
    i = next(i for i, group in enumerate(result.data["groups"]) if group["name"] == name)
    samples = [s for s in result.data["samples"] if s["t_ns"] <= until_s * 1e9]
    return max(samples, key=lambda s: s["group_bytes"][i]), i


def taken_mib(at_s, name="svc"):
    """What memory.current of the group had fallen by at that time from the most it was before."""
    def figure(result):
        fullest, i = fullest_sample(result, at_s, name)
        return (fullest["group_bytes"][i] - sample_at(result, at_s)["group_bytes"][i]) / MIB
    return figure


def net_free_mib(at_s, name="svc"):
    """What free memory of all nodes had risen by since the group was fullest."""
    def figure(result):
        fullest, _ = fullest_sample(result, at_s, name)
        return (sum(sample_at(result, at_s)["node_free_bytes"]) - sum(fullest["node_free_bytes"])) / MIB
    return figure


def net_yield(at_s, name="svc"):
    def figure(result):
        taken = taken_mib(at_s, name)(result)
        return net_free_mib(at_s, name)(result) / taken if taken >= 1 else None
    return figure


def cpu_ms_per_net_mib(at_s, name="svc"):
    """CPU time of the whole run in the agent, its rival and kswapd, for what was free by then."""
    def figure(result):
        net = net_free_mib(at_s, name)(result)
        return (kswapd_ms(result) + rival_ms(result)) / net if net >= 1 else None
    return figure


def p999_of_seconds(result):
    """[(seconds since the run began, p99.9 in ns)] of the first load's touches, a sample each."""
    return [(t_ns / 1e9, p999) for t_ns, p999 in zip(result.data["series"]["t_ns"], result.data["series"]["loads"][0]["reuse_p99_9_ns"])
            if p999]


def median_p999_ms(from_s, until_s):
    return lambda result: statistics.median(p999 for t, p999 in p999_of_seconds(result) if from_s <= t < until_s) / 1e6


def recovery_s(at_s, times, steady=5):
    """How long after that time p99.9 was back within so many times what it was before, and stayed there for some samples."""
    def figure(result):
        bound = times * median_p999_ms(10, at_s)(result) * 1e6
        after = [(t, p999 <= bound) for t, p999 in p999_of_seconds(result) if t >= at_s]
        for i in range(len(after) - steady + 1):
            if all(is_back for _, is_back in after[i:i + steady]):
                return max(0, after[i][0] - at_s)
        return float("inf")
    return figure


# What the agent says of itself.
def node_ledger(number, which):
    def figure(result):
        if result.status is None:
            return None
        node = next(node for node in result.status["nodes"] if node["node"] == number)
        return node["ledger"][which]
    return figure


def agent_own_ms(result):
    """CPU time of the agent without what its requests took in the kernel."""
    if result.status is None:
        return None
    ledgers = [node[key] for node in result.status["nodes"] for key in ("ledger", "groups_ledger")]
    return rival_ms(result) - sum(ledger["cpu_ns"] for ledger in ledgers) / 1e6


def written_back_mib(result):
    if result.status is None:
        return None
    return result.status["write_back"]["written_bytes"] / MIB


# Of the cases about write-back, which are told by the guest itself.
def field(name, unit=1):
    return lambda result: result.data[name] / unit


def times_bandwidth(bytes_per_s):
    """How long it took, as a multiple of what the disk needs for as much."""
    def figure(result):
        data = result.data
        if data["freed_bytes"] < data["wanted_bytes"]:
            return float("inf")
        return data["took_ns"] / 1e9 / (data["wanted_bytes"] / bytes_per_s)
    return figure


def worker_wakeups_per_s(result):
    return result.data["workers_switches"] / result.data["workers"] / result.data["seconds"]


def process_wakeups_per_s(result):
    return result.data["all_switches"] / result.data["seconds"]


def process_cpu_percent(result):
    return 100 * result.data["cpu_ns"] / 1e9 / result.data["seconds"]


def of_each_group(figure):
    """What it comes to for a group and a minute."""
    return lambda result: figure(result) / result.data["groups"] / (result.data["seconds"] / 60)


def process_resident_mib(result):
    return result.data["resident_bytes"] / MIB


def load_results(directory, systems, windows):
    """{system: {repetition: Result}} of the runs that left one."""
    found = {system: {} for system in systems}
    for path in sorted(pathlib.Path(directory).glob("*-*.json")):
        if path.name.endswith(".status.json"):
            continue
        repetition, _, system = path.stem.partition("-")
        if system in found and repetition.isdigit() and path.stat().st_size:
            found[system][int(repetition)] = Result(path, windows)
    return found
