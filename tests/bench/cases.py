# SPDX-License-Identifier: Apache-2.0
"""The cases: the machine, what runs in it, what is shown of it, and what the agent has to reach."""
import figures as f
from case import Case, Figure, Goal

RIVALS = ["kernel", "uswapd", "naive"]
# Of the machine that boots the guest; without one, its system is left out.
PROGRAMS = {"oomd": "oomd"}

PRICES = [
    Figure("cpu", "agent CPU, with its reclaim", "ms", f.rival_ms, price=True),
    Figure("kswapd", "kswapd CPU", "ms", f.kswapd_ms, price=True),
    Figure("wakeups", "agent wake-ups", "/s", f.rival_wakeups_per_s, price=True),
    Figure("rss", "agent RSS", "MiB", f.rival_resident_mib, price=True),
]

GROUP_PRICES = [
    Figure("reclaimed", "pages reclaimed", "", f.group_stat("pgsteal"), price=True),
    Figure("proactive", "of these by the agent (6.18+)", "", f.group_stat("pgsteal_proactive"), price=True),
    Figure("refaults", "refaults", "", f.refaults(), price=True),
    Figure("reclaim", "kswapd + agent + task in reclaim", "ms", f.reclaim_cpu_ms(), price=True),
] + PRICES

GROWTH = [
    Figure("work", "memory grown by", "MiB", f.work_mib),
    Figure("stall", "stalled (PSI some)", "ms", f.group_stall_ms()),
    Figure("max", "memory.events max", "", f.group_event("max")),
    Figure("high", "memory.events high", "", f.group_event("high")),
    Figure("direct", "pages scanned by the task", "", f.group_direct_pages()),
    Figure("p50", "first touch p50", "ms", f.first_touch_ms(0.5)),
    Figure("p99", "p99", "ms", f.first_touch_ms(0.99)),
    Figure("p999", "p99.9", "ms", f.first_touch_ms(0.999)),
    Figure("worst", "longest", "ms", f.first_touch_max_ms()),
    Figure("verified", "pages verified", "", f.verified_pages),
] + GROUP_PRICES

SAME_WORK = Goal("work", least=0.99, of="kernel", words="the same work")


def growth_words(rate, limit):
    return ["--duration", "20s", "--group", f"svc:{limit}=128M",
            "--load", f"anon:name=grow,group=svc,size={20 * rate}M,rate={rate}M/s"]


def growth(name, rate, limit, goals):
    return Case(
        name, f"anonymous memory grows by {rate} MiB/s for 20 s under {limit} 128M, what is older stays cold",
        ["--mem", "1G", "--swap", "zram:1G"], RIVALS, GROWTH, goals + [SAME_WORK],
        words=growth_words(rate, limit))


FILES = [
    Figure("work", "read", "MiB", f.work_mib),
    Figure("passes", "passes over the files", "", f.passes),
    Figure("share", "refaults of 1000 pages read", "", f.refaults_permille_of_reads),
    Figure("stall", "stalled (PSI some)", "ms", f.group_stall_ms()),
    Figure("max", "memory.events max", "", f.group_event("max")),
    Figure("p99", "read p99", "ms", f.reuse_ms(0.99)),
    Figure("p999", "p99.9", "ms", f.reuse_ms(0.999)),
] + GROUP_PRICES

BOTH = [
    Figure("touches", "anonymous memory touched", "MiB", lambda result: f.work_mib(result, "buffers")),
    Figure("reads", "files read", "MiB", lambda result: f.work_mib(result, "files")),
    Figure("stall", "stalled (PSI some)", "ms", f.group_stall_ms()),
    Figure("max", "memory.events max", "", f.group_event("max")),
    Figure("p999", "touch p99.9", "ms", f.reuse_ms(0.999, "buffers")),
] + GROUP_PRICES

STREAM = [
    Figure("speed", "throughput", "MiB/s", f.throughput_mib),
    Figure("reclaim", "kswapd + agent + direct reclaim", "ms", f.reclaim_cpu_ms()),
    Figure("stall", "of this in direct reclaim (PSI)", "ms", f.group_stall_ms()),
    Figure("allocstall", "allocstall", "", f.vmstat("allocstall")),
    Figure("p999", "read p99.9", "ms", f.first_touch_ms(0.999)),
    Figure("byus", "pages reclaimed by the agent", "", f.proactive_pages, price=True),
    Figure("bykswapd", "pages reclaimed by kswapd", "", f.vmstat("pgsteal_kswapd"), price=True),
] + PRICES

CACHE = [
    Figure("work", "read", "MiB", f.work_mib),
    Figure("stall", "stalled (PSI some)", "ms", f.group_stall_ms()),
    Figure("max", "memory.events max", "", f.group_event("max")),
    Figure("p99", "read p99", "ms", f.first_touch_ms(0.99)),
    Figure("p999", "p99.9", "ms", f.first_touch_ms(0.999)),
] + GROUP_PRICES

# Where two hundredths of the work count, this machine must not: time counts instructions. Loads that are never idle have
# one CPU, which they share by the scheduler's rules; with two, who gets how much of the turns is chance.
STEADY = ["--icount"]
# The same for what mostly waits, for no disk but the guest's own: time in which no CPU has work passes at once.
WAITING = ["--skip-idle"]

# Bursts: what was taken stays taken, so the page cache gives way step by step, and every burst meets a full node. The
# caches are read first, the last of it slowly so that nobody has to stall for it, and are kept.
BURST_MIB = 64
CACHES_READ = 10
BURST_STARTS = [CACHES_READ + s for s in (2, 4, 6, 8)]
BURST_END = BURST_STARTS[-1] + 2
BURST_QUIET = [(start - 0.8, start - 0.05) for start in BURST_STARTS[1:] + [BURST_END]]
CALIBRATION = ["calibrate", "--duration", "1s", "--load", "anon:node=1,size=500M,contents=word,verify=none"]
# Without huge pages, the kernel's own watermarks lie as close together as they do, in proportion, on large nodes; with
# them, min_free_kbytes is a tenth of so small a node, and watermark_scale_factor 10 and 100 are the same.
BURST_MACHINE = ["--mem", "768M", "--swap", "zram:512M", "--disk", "8G", "--append", "transparent_hugepage=never"]


def burst_words(share, policy, caches):
    words = ["--directory", "/data", "--duration", f"{BURST_END}s", "--interval", "50ms", "--verify", "none",
             "--group", "cache", "--group", "batch"]
    for node, size in enumerate(caches):
        for load in (f"cache{node},size={size},duration={CACHES_READ}s",
                     f"tail{node},size=64M,rate=32M/s,start={CACHES_READ}s,duration=2s"):
            words += ["--load", f"fileread:name={load},group=cache,node={node},sparse=yes,block=256K"]
    for i, start in enumerate(BURST_STARTS):
        words += ["--load", f"anon:name=burst{i},group=batch,node=1,policy={policy},size={BURST_MIB}M,"
                            f"contents=word,rate=@{share}%/s,start={start}s"]
    return words


BURST = [
    Figure("allocstall", "allocstall in bursts", "", f.vmstat_from("allocstall", BURST_STARTS[0])),
    Figure("before", "while the caches were read", "", f.vmstat_until("allocstall", BURST_STARTS[0])),
    Figure("direct", "pgscan_direct in bursts", "", f.vmstat_from("pgscan_direct", BURST_STARTS[0])),
    Figure("stall", "bursts stalled (PSI some)", "ms", f.group_stall_ms("batch")),
    Figure("p99", "first touch p99", "ms", f.first_touch_ms(0.99, "burst")),
    Figure("p999", "p99.9", "ms", f.first_touch_ms(0.999, "burst")),
    Figure("worst", "longest", "ms", f.first_touch_max_ms("burst")),
    Figure("work", "memory taken", "MiB", lambda result: f.work_mib(result, "burst")),
    Figure("free", "node 1 kept free between bursts", "MiB", f.node_free_quiet_mib(1), price=True),
    Figure("cached", "page cache of node 1 before the bursts", "MiB", f.node_file_mib(1, BURST_STARTS[0]), price=True),
    Figure("kept", "page cache of node 0 left", "%", f.node_file_kept(0, BURST_STARTS[0]), price=True),
    Figure("kept1", "page cache of node 1 left", "%", f.node_file_kept(1, BURST_STARTS[0]), price=True),
    Figure("share", "of the page cache given up, on node 1", "%", f.node_share_freed(1, BURST_STARTS[0]), price=True),
    Figure("bykswapd", "pages reclaimed by kswapd", "", f.vmstat("pgsteal_kswapd"), price=True),
    Figure("byus", "by the agent (6.18+)", "", f.proactive_pages, price=True),
] + PRICES


def bursts_bound(share):
    best = ("allocstall", "free")
    return Case(
        f"bursts-bound-{share}",
        f"{len(BURST_STARTS)} bursts of {BURST_MIB} MiB at {share} % of the first-touch rate, bound to node 1; both nodes are full "
        "of page cache",
        BURST_MACHINE, ["kernel:10", "kernel:100", "kernel:500", "uswapd", "uswapd-steered", "uswapd-lru-gen"], BURST, [
            Goal("allocstall", most=1, of="kernel", best_kernel_by=best, words="no more stalls than the best kernel setting"),
            Goal("free", most=1, of="kernel", best_kernel_by=best, words="no more memory kept free than with it"),
            Goal("kept", least=0.98, of="kernel:10", words="node 0 keeps its page cache"),
            Goal("share", least=90, words="90 % of what is freed is on node 1"),
        ],
        words=burst_words(share, "bind", ["90% of free", "90% of free"]), before=[CALIBRATION], windows=BURST_QUIET)


# 256 MiB written through a mapping on a disk of 40 MB/s, then anonymous memory that grows beside it.
MAPPING = [
    Figure("work", "memory grown by", "MiB", lambda result: f.work_mib(result, "grow")),
    Figure("stall", "stalled (PSI some)", "ms", f.group_stall_ms()),
    Figure("max", "memory.events max", "", f.group_event("max")),
    Figure("direct", "pages scanned by the task", "", f.group_direct_pages()),
    Figure("p99", "first touch p99", "ms", f.first_touch_ms(0.99, "grow")),
    Figure("p999", "p99.9", "ms", f.first_touch_ms(0.999, "grow")),
    Figure("worst", "longest", "ms", f.first_touch_max_ms("grow")),
    Figure("written", "written back by the agent", "MiB", f.written_back_mib, price=True),
] + GROUP_PRICES


def dirty_map(name, title, before):
    return Case(
        name, f"256 MiB dirty through a mapping on a disk of 40 MB/s, then anonymous memory grows by 16 MiB/s under "
        f"memory.max 320M; {title}",
        WAITING + ["--cpus", "1", "--nodes", "1", "--mem", "2G", "--swap", "zram:512M"], ["kernel", "uswapd", "unlimited"], MAPPING, [
            Goal("stall", most=0.25, of="kernel", words="stalled at most 1/4"),
            Goal("direct", most=0.1, of="kernel", words="direct reclaim at most 1/10"),
            Goal("p999", most=0.5, of="kernel", words="p99.9 at most 1/2"),
            SAME_WORK,
        ],
        words=["--duration", "21s", "--directory", "/data", "--verify", "sample", "--group", "svc:memory.max=320M",
               "--load", "filemap:name=map,group=svc,size=256M,sparse=yes,rate=32M/s,duration=8s",
               "--load", "anon:name=grow,group=svc,size=192M,rate=16M/s,start=8s"], before=[["disk", "40"]] + before, seconds=60)


# 400 MiB of anonymous memory: 80 MiB read all over 20,000 times a second, 32 MiB touched once a minute, the rest cold.
TRIM_COLD_MIB = 288
MOVE_S = 60
TRIM_RIVALS = ["loop", "damon", "oomd"]
TRIM = [
    Figure("taken", "taken from the group within 90 s", "MiB", f.taken_mib(90)),
    Figure("net", "net free memory gained by that", "MiB", f.net_free_mib(90)),
    Figure("yield", "of each MiB taken", "MiB", f.net_yield(90)),
    Figure("p99", "read p99", "ms", f.reuse_ms(0.99, "hot")),
    Figure("p999", "p99.9", "ms", f.reuse_ms(0.999, "hot")),
    Figure("swapins", "pages read from swap", "", f.vmstat("pswpin")),
    Figure("stall", "stalled (PSI some)", "ms", f.group_stall_ms()),
    Figure("reads", "hot memory read", "MiB", lambda result: f.work_mib(result, "hot")),
    Figure("own", "agent CPU without its reclaim", "ms", f.agent_own_ms, price=True),
    Figure("percost", "CPU a net MiB, agent and kswapd", "ms", f.cpu_ms_per_net_mib(90), price=True),
] + PRICES

REDIS = [
    Figure("rate", "requests", "/s", f.field("requests_per_s")),
    Figure("p50", "p50", "ms", f.field("p50_ms")),
    Figure("p99", "p99", "ms", f.field("p99_ms")),
    Figure("worst", "longest", "ms", f.field("max_ms")),
    Figure("max", "memory.events max", "", f.field("limit_reached")),
    Figure("swapins", "pages read from swap", "", f.field("swapins"), price=True),
    Figure("swapped", "in swap at the end", "MiB", f.field("swap_bytes", f.MIB), price=True),
]


def redis(limit, room):
    return Case(
        f"redis-{limit}", f"Redis under memory.max {limit}M, 100,000 values of 1.5 KiB read at random, and a log of 8 MiB/s in its group: {room}",
        ["--nodes", "1", "--mem", "1G", "--swap", "zram:512M"], ["kernel", "uswapd"], REDIS, [
            Goal("p99", most=1, of="kernel", inside="kernel", words="p99 no worse, or as without in one of its runs"),
        ],
        words=[f"{limit}M", "60000"], before=[["disk", "100"]], verb="redis", seconds=120,
        programs=["redis-server", "redis-cli", "redis-benchmark"])


RAISED = [["knob", "vm.dirty_ratio=95"], ["knob", "vm.dirty_background_ratio=90"]]

WRITE_BACK = [
    Case(
        "dirty-reclaim", "time until memory.reclaim has freed 192 MiB of a mapping of 256 MiB, all dirty, on a disk of 40 MB/s",
        WAITING + ["--cpus", "1", "--nodes", "1", "--mem", "2G"], ["kernel", "uswapd"], [
            Figure("took", "freed after", "s", f.field("took_ns", 1e9)),
            Figure("ratio", "of what the disk needs for as much", "x", f.times_bandwidth(40_000_000)),
            Figure("longest", "longest request", "ms", f.field("longest_ns", 1e6)),
            Figure("short", "requests that came back short", "", f.field("came_short")),
            Figure("requests", "requests", "", f.field("requests")),
        ], [
            Goal("ratio", most=1.15, words="within 15 % of bytes / bandwidth"),
            Goal("longest", most=1000, words="no request blocks longer than reclaim.deadline"),
        ],
        words=["192"], before=[["disk", "40"]] + RAISED, verb="reclaim", seconds=90),
    Case(
        "dirty-oom", "60 MiB written under memory.max 30M on a disk of 10 MiB/s, four times, and four times through a mapping",
        WAITING + ["--nodes", "1", "--mem", "2G"], ["kernel", "uswapd"], [
            Figure("writing", "OOM-killed while writing", "", f.field("killed_writing")),
            Figure("mapping", "OOM-killed in the mapping", "", f.field("killed_mapping")),
            Figure("runs", "of", "", f.field("runs")),
        ], [
            Goal("writing", most=0, words="no writer OOM-killed"),
            Goal("mapping", most=0, words="no mapping OOM-killed"),
        ],
        words=["4"], before=[["disk", "10"]], verb="oom", seconds=150),
    Case(
        "dirty-reader", "a reader of 4 KiB blocks at random, 256 a second, while 192 MiB are written back on its disk of 40 MiB/s",
        WAITING + ["--cpus", "1", "--nodes", "1", "--mem", "2G"], ["kernel", "uswapd", "uswapd:20M", "uswapd:full", "sync", "fsync"], [
            Figure("work", "read", "MiB", f.work_mib),
            Figure("p50", "read p50", "ms", f.first_touch_ms(0.5)),
            Figure("p99", "p99", "ms", f.first_touch_ms(0.99)),
            Figure("worst", "longest", "ms", f.first_touch_max_ms()),
        ], [
            Goal("p99", most=2, of="kernel", words="p99 at most twice that without write-back"),
            Goal("p99", most=2, of="kernel", system="uswapd:20M", words="at half the disk's rate (clean.device_rate) at most twice"),
        ],
        words=["--duration", "12s", "--directory", "/data", "--verify", "none", "--group", "reader",
               "--load", "fileread:name=reader,group=reader,size=96M,files=1,block=4K,access=uniform,rate=1M/s"],
        before=[["disk", "40"]] + RAISED, verb="beside", seconds=60),
]

CASES = [
    growth("growth-8", 8, "memory.max", [
        Goal("max", most=0, words="no max events"),
        Goal("direct", most=0, words="no direct reclaim"),
        Goal("p999", most=0.25, of="kernel", words="p99.9 at most 1/4"),
        Goal("max", most=1, of="naive", words="no more max events than the naive loop"),
    ]),
    growth("growth-16", 16, "memory.max", [
        Goal("max", most=0, words="no max events"),
        Goal("stall", most=0.05, of="kernel", words="stalled at most 5 %"),
        Goal("p999", most=0.5, of="kernel", words="p99.9 at most 1/2"),
        Goal("max", most=1, of="naive", words="no more max events than the naive loop"),
    ]),
    growth("growth-high", 16, "memory.high", [Goal("high", most=0, words="no high events")]),
    dirty_map("dirty-map", "the kernel's default dirty limits", []),
    dirty_map("dirty-map-raised", "dirty limits raised, so that it stays dirty", RAISED),
    *WRITE_BACK,
    Case(
        "file-loop", "112 MiB of files read in a loop under memory.max 128M: nothing needs to be reclaimed",
        STEADY + ["--mem", "1G", "--swap", "zram:512M", "--disk", "1G"], RIVALS, FILES, [
            Goal("passes", least=0.98, of="kernel", words="at least 0.98 of the passes"),
            Goal("share", most=10, words="refaults at most 1 % of the pages read"),
            Goal("passes", least=1, of="naive", words="no fewer passes than with the naive loop"),
        ],
        words=["--duration", "15s", "--directory", "/data", "--group", "svc:memory.max=128M",
               "--load", "fileread:name=files,group=svc,size=112M,files=14,verify=sample"]),
    Case(
        "file-and-anon", "files and anonymous memory, 44 % of the limit each, in constant use under memory.max 128M",
        STEADY + ["--cpus", "1", "--mem", "1G", "--swap", "zram:512M", "--disk", "1G"], RIVALS, BOTH, [
            Goal("touches", least=0.98, of="kernel", words="at least 0.98 of the touches"),
            Goal("reads", least=0.98, of="kernel", words="at least 0.98 of the reads"),
        ],
        words=["--duration", "15s", "--directory", "/data", "--verify", "sample", "--group", "svc:memory.max=128M",
               "--load", "anon:name=buffers,group=svc,size=44% of limit,reuse=uniform",
               "--load", "fileread:name=files,group=svc,size=44% of limit,files=8"]),
    Case(
        "file-stream", "files streamed through a machine without free memory, each page used once",
        STEADY + ["--mem", "512M", "--swap", "zram:256M", "--disk", "8G"], ["kernel", "uswapd"], STREAM, [
            Goal("speed", least=0.97, of="kernel", words="at least 0.97 of the throughput"),
            Goal("reclaim", most=1.2, of="kernel", words="at most 1.2 of the CPU time in reclaim"),
        ],
        words=["--duration", "20s", "--directory", "/data", "--group", "svc",
               "--load", "fileread:name=stream,group=svc,mode=stream,sparse=yes,size=400% of memory,files=16,block=256K,"
               "verify=none"]),
    bursts_bound(25),
    bursts_bound(50),
    bursts_bound(100),
    Case(
        "bursts-unbound", "the bursts at 100 %, not bound: node 1 is full of page cache, node 0 has room for them",
        BURST_MACHINE, ["kernel", "uswapd"], BURST + [
            Figure("asked", "bytes the agent asked of node 1", "", f.node_ledger(1, "asked_bytes"), price=True),
        ], [
            Goal("asked", most=0, words="nothing done on node 1"),
        ],
        words=burst_words(100, "none", ["25% of free", "90% of free"]), before=[CALIBRATION], windows=BURST_QUIET),
    Case(
        "no-swap-cache", "no swap at all: page cache grows by 32 MiB/s under memory.max 128M",
        ["--mem", "1G", "--swap", "none", "--disk", "2G"], RIVALS, CACHE, [
            Goal("stall", most=1, of="kernel", slack=1, words="stalled no longer than without"),
            SAME_WORK,
        ],
        words=["--duration", "15s", "--directory", "/data", "--group", "svc:memory.max=128M",
               "--load", "fileread:name=cache,group=svc,mode=stream,sparse=yes,size=1G,files=8,rate=32M/s"]),
    Case(
        "trim", "400 MiB of anonymous memory without a limit: 80 MiB hot, 32 MiB used once a minute, 288 MiB cold; trimming is on",
        WAITING + ["--nodes", "1", "--mem", "768M", "--swap", "zram:512M"], ["kernel", "uswapd"] + TRIM_RIVALS, TRIM, [
            Goal("taken", least=0.9 * TRIM_COLD_MIB, words="0.9 of the cold memory is given back"),
            Goal("net", least=1, best_of=TRIM_RIVALS, words="most net free memory of all"),
            Goal("p999", most=1.1, of="kernel", inside="kernel", words="p99.9 at most 1.1, or as without in one of its runs"),
            Goal("swapins", most=2000 + 8192, words="at most 2000 pages come back beside those used again"),
            Goal("own", most=1200, words="at most 1 % of a CPU of its own"),
            Goal("percost", most=1, best_of=TRIM_RIVALS, words="no more CPU a net MiB than the best rival"),
        ],
        words=["--duration", "120s", "--verify", "none", "--group", "svc",
               "--load", "anon:name=hot,group=svc,size=80M,reuse=uniform,reuse-rate=80M/s",
               "--load", "anon:name=again,group=svc,size=32M,reuse=hot:1%:100%,reuse-rate=1M/s,revisit=60s",
               "--load", f"anon:name=cold,group=svc,size={TRIM_COLD_MIB}M"],
        before=[["agent", "--set", "trim.enabled=yes"]], seconds=150),
    Case(
        "hot-moves", "400 MiB of anonymous memory, 80 MiB of it hot; after a minute other 80 MiB are; trimming is on",
        WAITING + ["--nodes", "1", "--mem", "768M", "--swap", "zram:512M"], ["kernel", "uswapd"], [
            Figure("taken", "taken from the group before", "MiB", f.taken_mib(MOVE_S)),
            Figure("recovery", "p99.9 back to 1.2 x what it was after", "s", f.recovery_s(MOVE_S, 1.2)),
            Figure("before", "p99.9 of a second before", "ms", f.median_p999_ms(10, MOVE_S)),
            Figure("after", "p99.9 of a second, from 15 s after on", "ms", f.median_p999_ms(MOVE_S + 15, 115)),
            Figure("swapins", "pages read from swap", "", f.vmstat("pswpin")),
            Figure("stall", "stalled (PSI some)", "ms", f.group_stall_ms()),
        ] + PRICES, [
            Goal("recovery", most=15, words="p99.9 is back within 15 s"),
            Goal("after", most=1.2, of="kernel", words="p99.9 at most 1.2 from then on"),
        ],
        words=["--duration", "120s", "--interval", "1s", "--verify", "none", "--group", "svc",
               "--load", f"anon:name=memory,group=svc,size=400M,reuse=hot:20%:100%,reuse-rate=80M/s,phase={MOVE_S}s"],
        before=[["agent", "--set", "trim.enabled=yes"]], seconds=150),
    Case(
        "incompressible", "160 MiB of cold anonymous memory that does not compress, on zram; trimming is on",
        WAITING + ["--nodes", "1", "--mem", "768M", "--swap", "zram:512M"], ["kernel", "uswapd", "loop"], [
            Figure("swapping", "swapped for", "s", f.swapping_s(10)),
            Figure("out", "pages swapped", "", f.vmstat("pswpout")),
            Figure("net", "net free memory gained within 60 s", "MiB", f.net_free_mib(60)),
        ] + PRICES, [
            Goal("swapping", most=10, words="stops swapping within 10 s"),
        ],
        words=["--duration", "60s", "--verify", "none", "--group", "svc", "--load", "anon:name=noise,group=svc,size=160M,ratio=1"],
        before=[["agent", "--set", "trim.enabled=yes"]], seconds=90),
    redis(256, "70 MiB are left for the log"),
    redis(192, "6 MiB are left for the log"),
    Case(
        "groups", "so many groups with a sleeping process each, one in four with a limit; nothing happens",
        WAITING + ["--mem", "1G", "--swap", "zram:256M"], ["uswapd:250", "uswapd:500", "uswapd:1000"], [
            Figure("calls", "system calls a group and minute", "", f.of_each_group(f.field("calls"))),
            Figure("cpu", "CPU a group and minute", "ms", f.of_each_group(f.field("cpu_ns", 1e6))),
            Figure("percent", "CPU", "%", f.process_cpu_percent),
            Figure("all", "wake-ups of all threads", "/s", f.process_wakeups_per_s),
            Figure("rss", "RSS", "MiB", f.process_resident_mib),
        ], [
            Goal("calls", most=1.1, of="uswapd:250", system="uswapd:1000", words="no more calls a group with 1,000 than with 250"),
            Goal("cpu", most=1.1, of="uswapd:250", system="uswapd:1000", words="no more CPU a group with 1,000 than with 250"),
        ],
        words=["60"], verb="idle", seconds=120),
    Case(
        "idle-200", "200 groups with a sleeping process each, 50 of them with a limit; nothing happens",
        ["--skip-idle", "--mem", "512M", "--swap", "zram:256M"], ["uswapd"], [
            Figure("wakeups", "wake-ups of a worker", "/s", f.worker_wakeups_per_s),
            Figure("all", "wake-ups of all threads", "/s", f.process_wakeups_per_s),
            Figure("cpu", "CPU", "%", f.process_cpu_percent),
            Figure("rss", "RSS", "MiB", f.process_resident_mib),
        ], [
            Goal("wakeups", most=1.5, words="at most 1.5 wake-ups/s a worker"),
            Goal("cpu", most=0.5, words="at most 0.5 % of a CPU"),
            Goal("rss", most=12, words="at most 12 MiB resident"),
        ],
        words=["60"], before=[["groups", "200"]], verb="idle", seconds=75),
]
