"""Opens pages of `uswap-stress report` as a person would, and compares what they show with the runs' JSON."""

import copy
import json
import os
import re
import subprocess
import sys

from browser import Browser

failures = passed = 0


def check(name, good, *details):
    global failures, passed
    passed, failures = passed + bool(good), failures + (not good)
    print(("ok - " if good else "not ok - ") + name, flush=True)
    if not good:
        for detail in details:
            print("   ", str(detail)[:600])


def report(program, paths, out):
    done = subprocess.run([program, "report", *paths, "-o", out], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stderr.strip()


def write(path, data):
    with open(path, "w") as file:
        json.dump(data, file)
    return path


def at(data, figure):
    """The value that a cell of the table is about: "load grow/reuse.p99_ns"."""
    subject, path = figure.split("/", 1) if not figure.startswith("group ") else figure.rsplit("/", 1)
    kind, _, name = subject.partition(" ")
    data = data["machine"] if kind == "machine" else next((one for one in data[kind + "s"] if one["name"] == name), None)
    for key in path.split("."):
        data = data.get(key) if data is not None else None
    return data


# How many pixels of a panel's canvas are nearly of a colour; of the lines, all of them.
PIXELS = """(() => {
    const probe = document.createElement("canvas").getContext("2d");
    return panels.map(({ plot }) => {
        const { data } = plot.ctx.getImageData(0, 0, plot.ctx.canvas.width, plot.ctx.canvas.height);
        return plot.series.slice(1).filter((one) => one.show).map((one) => {
            probe.fillStyle = one.stroke();
            probe.fillRect(0, 0, 1, 1);
            const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
            let n = 0;
            for (let i = 0; i < data.length; i += 4)
                n += data[i + 3] > 200 && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 24;
            return n;
        });
    });
})()"""
SCALES = "panels.map(({ plot, chart, run }) => [chart.id + chart.subject, run, plot.scales.x.min, plot.scales.x.max, plot.scales.y.min, plot.scales.y.max])"
READY = "document.documentElement.dataset.ready === 'yes'"


def near(a, b, share=0.02):
    return abs(a - b) <= share * max(abs(a), abs(b), 1e-9)


def same_scales(page):
    scales = {}
    for name, _, *scale in page.evaluate(SCALES):
        scales.setdefault(name, []).append(scale)
    return [name for name, found in scales.items() if any(scale != found[0] for scale in found)]


def test_drawn(page, n_runs):
    panels = page.evaluate("panels.length")
    check(f"{n_runs} run: there are charts of groups, loads and the machine", panels >= 12 * n_runs, panels)
    ids = set(page.evaluate("panels.map((panel) => panel.chart.id)"))
    wanted = {"memory", "there", "psi", "latency-first", "latency-reuse", "throughput", "reclaim", "refaults", "slow", "nodes", "swap"}
    check(f"{n_runs} run: ... of each kind", wanted <= ids, wanted - ids)
    pixels = page.evaluate(PIXELS)
    # A single dot is 20 pixels. Where lines coincide the last one hides the others.
    check(f"{n_runs} run: every chart has drawn a line", all(sum(lines) > 40 for lines in pixels), pixels)
    drawn = sum(n > 20 for lines in pixels for n in lines)
    check(f"{n_runs} run: nearly every line can be seen", drawn >= 0.8 * sum(len(lines) for lines in pixels), pixels)
    check(f"{n_runs} run: all panels of a chart have the same scales", not same_scales(page), same_scales(page))
    check(f"{n_runs} run: no errors, nothing fetched", not page.errors and len(page.requests) == 1, page.errors, page.requests)


def test_table(page, runs):
    cells = page.evaluate("""[...document.querySelectorAll("[data-figure]")].map((cell) =>
        [cell.dataset.figure, Number(cell.dataset.run), cell.dataset.value, cell.textContent, cell.nextSibling?.textContent ?? ""])""")
    check(f"{len(runs)} run: there is a table", len(cells) >= 40 * len(runs), len(cells))
    wrong = [(figure, run, value, at(runs[run], figure)) for figure, run, value, _, _ in cells
             if (float(value) if value else None) != at(runs[run], figure)]
    check(f"{len(runs)} run: its figures are those of the JSON", not wrong, wrong)
    shown = {(figure, run): text for figure, run, _, text, _ in cells}
    for figure in ("group svc/peak_bytes", "group svc/inner/end.swap_bytes"):
        value = at(runs[0], figure)
        check(f"{len(runs)} run: {figure} is legible", near(float(re.sub(r" MiB$", "", shown[figure, 0])) * 2**20, value), value,
              shown.get((figure, 0)))
    if len(runs) == 2:
        differences = [(figure, at(runs[0], figure), at(runs[1], figure), text) for figure, run, _, _, text in cells if run == 1]
        wrong = [row for row in differences if not difference_is_right(*row[1:])]
        check("differences are right", len(differences) >= 40 and not wrong, wrong)


def difference_is_right(base, value, text):
    if base is None or value is None:
        return text == "–"
    if base == value:
        return text == "="
    if base == 0:
        return text == "new"
    match = re.fullmatch(r"([+−])([\d.]+) %", text)
    percent = 100 * (value - base) / abs(base)
    return match and (match[1] == "+") == (percent > 0) and near(float(match[2]), abs(percent), 0.02) or abs(percent) < 0.01


def test_curves(page, runs):
    found = page.evaluate("""curves.map((curve) => [curve.place.closest("[data-curve]").dataset.curve,
        curve.lines.map((line, i) => [line.label, line.values[20], line.values[0], curve.plot.data[i + 1][20] === line.values[20]])])""")
    check(f"{len(runs)} run: a curve for each load", [name for name, _ in found] == [load["name"] for load in runs[0]["loads"]], found)
    wrong = []
    for (name, lines), load in zip(found, runs[0]["loads"]):
        for label, p99, _, drawn in lines:
            kind = label.split()[0]
            run = 1 if label.endswith("roomy.json") else 0
            wrong += [] if p99 == runs[run]["loads"][runs[0]["loads"].index(load)][kind]["p99_ns"] and drawn else [(name, label, p99)]
    check(f"{len(runs)} run: the curves' 99 % are the JSON's p99", not wrong, wrong)


def test_zoom(page):
    whole = page.evaluate(SCALES)
    page.drag(".panel[data-chart=psi] .u-over", 0.5, 0.75)
    zoomed = page.evaluate(SCALES)
    length = whole[0][3]
    check("dragging zooms all charts to that time",
          all(near(row[2], 0.5 * length, 0.03) and near(row[3], 0.75 * length, 0.03) for row in zoomed), zoomed[0], whole[0])
    check("... says which", page.evaluate("document.getElementById('window').textContent") ==
          f"{zoomed[0][2]:.2f} – {zoomed[0][3]:.2f} s", page.evaluate("document.getElementById('window').textContent"))
    check("... and scales heights anew, alike in all runs",
          not same_scales(page) and any(a[5] != b[5] for a, b in zip(whole, zoomed)), same_scales(page))
    page.click("#wider")
    wider = page.evaluate(SCALES)[0]
    check("a button zooms out", near(wider[3] - wider[2], 2 * (zoomed[0][3] - zoomed[0][2])), wider, zoomed[0])
    page.click("#earlier")
    earlier = page.evaluate(SCALES)[0]
    check("a button goes back in time", earlier[2] < wider[2] and near(earlier[3] - earlier[2], wider[3] - wider[2]), earlier, wider)
    page.double_click(".panel[data-chart=psi] .u-over")
    check("a double click shows the whole run", page.evaluate(SCALES) == whole, page.evaluate(SCALES)[0], whole[0])
    page.click("#closer")
    page.click("#whole")
    check("so does a button", page.evaluate(SCALES) == whole)


def test_pointer(page, runs):
    selector = ".panel[data-chart=memory][data-run='0']"
    x, y = page.middle(selector + " .u-over")
    page.mouse("mouseMoved", x, y)
    found = page.evaluate(f"""(() => {{ const panel = panels.find((one) => one.place === document.querySelector("{selector} .plot"));
        const i = panel.plot.cursor.idx; return [i, panel.data[1][i],
        [...panel.place.querySelectorAll(".u-value")].map((cell) => cell.textContent)]; }})()""")
    value = runs[0]["series"]["groups"][0]["current_bytes"][found[0]]
    check("pointing shows the sample's figures", found[1] == value and near(float(found[2][1].split()[0]) * 2**20, value), found, value)
    check("... in all charts at once", page.evaluate("panels.every((panel) => panel.plot.cursor.idx != null || panel.run)"))
    legend = selector + " .u-legend tr:nth-child(2) th"
    page.click(legend)
    check("a click on a name hides its line", page.evaluate("panels[0].plot.series[1].show") is False)
    page.click(legend)
    check("... and another one shows it", page.evaluate("panels[0].plot.series[1].show") is True)


def test_narrow(page, shots):
    page.resize(400, 800)
    page.wait("panels.every((panel) => panel.plot.width <= 400)")
    check("400 px: nothing sticks out", page.evaluate("document.documentElement.scrollWidth") <= 400)
    small = page.evaluate("""[...document.querySelectorAll("main *, header *, nav *")].filter((one) => one.childElementCount === 0 &&
        one.textContent.trim() && parseFloat(getComputedStyle(one).fontSize) < 10.5).length""")
    check("400 px: no letter is too small", small == 0, small)
    page.screenshot(os.path.join(shots, "narrow.png"))


def test_hostile(browser, program, run, work):
    evil = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=2>\"'&\u2028\u202e"
    bad = copy.deepcopy(run)
    for one in bad["groups"] + bad["loads"]:
        one["name"] += evil
    bad["failures"] = [evil]
    bad["kernel"] = bad["result"] = evil
    bad["job"].append(["load " + evil, evil, evil])
    bad["groups"][0]["settings"][evil] = evil
    path = os.path.join(work, "x<b onclick=alert(1)>&'\".json")
    write(path, bad)
    out = os.path.join(work, "hostile.html")
    status, words = report(program, [path, path], out)
    check("hostile names: the page is written", status == 0, words)
    page = browser.open("file://" + out, 1280, 900)
    page.wait(READY)
    check("hostile names: nothing of them runs", page.evaluate("window.pwned") is None and not page.dialogs and len(page.requests) == 1,
          page.dialogs, page.requests)
    check("hostile names: they are shown as they are", page.evaluate(f"""document.querySelector(".failures").textContent === {json.dumps(evil)} &&
        document.querySelector(".panel h3").textContent.includes({json.dumps(evil)}) && document.images.length === 0"""))
    check("hostile names: no errors", not page.errors, page.errors)


def test_odd(browser, program, run, work):
    """Runs that differ in what they have; a value that is no number; nothing but zeros."""
    other = copy.deepcopy(run)
    other["groups"], other["series"]["groups"] = other["groups"][:1], other["series"]["groups"][:1]
    other["loads"][0]["name"] = "renamed"
    other["machine"]["vmstat"] = "gone"
    for values in other["series"]["loads"][1].values():
        values[:] = [0] * len(values)
    out = os.path.join(work, "odd.html")
    status, words = report(program, [write(os.path.join(work, "odd-a.json"), run), write(os.path.join(work, "odd-b.json"), other)], out)
    check("runs of different jobs: the page is written", status == 0, words)
    page = browser.open("file://" + out, 1280, 900)
    page.wait(READY)
    check("runs of different jobs: what one lacks is said", page.evaluate("document.querySelectorAll('.empty').length") > 4 and not page.errors,
          page.errors)


def test_moment(browser, program, run, work):
    """Touches in one interval of many: there is no line to draw, but a point."""
    moment, n = copy.deepcopy(run), 1000
    series = moment["series"]
    for columns in [series["machine"], *series["nodes"], *series["groups"], *series["loads"]]:
        for values in columns.values():
            values[:] = [0] * n
    series["t_ns"] = [i * 10**7 for i in range(n)]
    for key, values in series["loads"][0].items():
        values[:] = [1000 if i == n // 2 and key.startswith("first_") else 0 for i in range(n)]
    out = os.path.join(work, "moment.html")
    status, words = report(program, [write(os.path.join(work, "moment.json"), moment)], out)
    check("a moment: the page is written", status == 0, words)
    page = browser.open("file://" + out, 1280, 900)
    page.wait(READY)
    of = [subject == "load " + run["loads"][0]["name"] and name == "latency-first"
          for name, subject in page.evaluate("panels.map(({ chart }) => [chart.id, chart.subject])")]
    check("a moment: it can be seen", sum(page.evaluate(PIXELS)[of.index(True)]) > 5, page.evaluate(PIXELS))


def test_refusals(program, run, work):
    no_series = {key: value for key, value in run.items() if key != "series"}
    short = copy.deepcopy(run)
    short["series"]["machine"]["pswpin"].pop()
    text = copy.deepcopy(run)
    text["series"]["groups"][0]["current_bytes"][0] = "1"
    fewer = copy.deepcopy(run)
    fewer["series"]["loads"].pop()
    rows = [("another file", {"schema": "other"}, "schema"), ("an older report", no_series, "older"), ("columns too short", short, "lengths"),
            ("text for a number", text, "numbers"), ("a load without columns", fewer, "lengths"),
            ("no object", [], "schema")]
    out = os.path.join(work, "refused.html")
    for name, data, word in rows:
        status, words = report(program, [write(os.path.join(work, "bad.json"), data)], out)
        check(f"refused: {name}", status == 2 and word in words and not os.path.exists(out), status, words)
    good = write(os.path.join(work, "good.json"), run)
    for name, words, word in [("nothing", [], "which run"), ("three runs", [good] * 3 + ["-o", out], "2 runs"),
                              ("no such file", ["/nowhere.json", "-o", out], "No such file"),
                              ("an option", [good, "--output", out], "not understood")]:
        done = subprocess.run([program, "report", *words], capture_output=True, text=True, timeout=20)
        check(f"refused: {name}", done.returncode != 0 and word in done.stderr and not os.path.exists(out), done)
    done = subprocess.run([program, "report", good], capture_output=True, text=True, timeout=20)
    beside = os.path.join(work, "good.html")
    check("without -o the page is beside the run", done.returncode == 0 and done.stdout == beside + "\n" and os.path.exists(beside), done)


def test_live(browser, program, work):
    """What the program writes now, not only what it wrote when the data were made."""
    path, out = os.path.join(work, "live.json"), os.path.join(work, "live.html")
    subprocess.run([program, "run", "--duration", "1s", "--interval", "50ms", "--load", "anon:name=grow,size=16M,rate=20M/s,reuse=zipf,slow=1us",
                    "--json", path], check=True, capture_output=True, timeout=60)
    status, words = report(program, [path], out)
    check("a run of this program: the page is written", status == 0, words)
    page = browser.open("file://" + out, 1280, 900)
    page.wait(READY)
    check("a run of this program: charts are drawn", page.evaluate("panels.length") >= 4 and all(sum(n) > 40 for n in page.evaluate(PIXELS)),
          page.evaluate(PIXELS))
    with open(path) as file:
        run = json.load(file)
    cell = page.evaluate("document.querySelector(\"[data-figure='load grow/operations']\").dataset.value")
    check("a run of this program: its figures", int(cell) == run["loads"][0]["operations"], cell)


def main():
    program, chromium, data, work, shots = sys.argv[1:]
    paths = [os.path.join(data, name) for name in ("tight.json", "roomy.json")]
    runs = []
    for path in paths:
        with open(path) as file:
            runs.append(json.load(file))
    test_refusals(program, runs[0], work)
    with Browser(chromium) as browser:
        for n in (1, 2):
            out = os.path.join(work, f"page-{n}.html")
            status, words = report(program, paths[:n], out)
            check(f"{n} run: the page is written", status == 0, words)
            page = browser.open("file://" + out, 1280, 900)
            page.wait(READY)
            page.screenshot(os.path.join(shots, f"light-{n}.png"))
            test_drawn(page, n)
            test_table(page, runs[:n])
            test_curves(page, runs[:n])
            test_zoom(page)
            test_pointer(page, runs[:n])
            check(f"{n} run: still no errors", not page.errors, page.errors)
            if n == 2:
                light = page.evaluate("getComputedStyle(document.body).backgroundColor")
                page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
                page.wait(f"getComputedStyle(document.body).backgroundColor !== '{light}'")
                check("dark: charts are drawn anew in its colours", all(sum(lines) > 40 for lines in page.evaluate(PIXELS)))
                page.screenshot(os.path.join(shots, "dark.png"))
                test_narrow(page, shots)
        test_hostile(browser, program, runs[0], work)
        test_odd(browser, program, runs[0], work)
        test_moment(browser, program, runs[0], work)
        test_live(browser, program, work)
    print(f"{passed} passed, {failures} failed, 0 skipped")
    sys.exit(failures > 0)


main()
