"""Headless Chromium through its DevTools protocol, over a pipe: Python's own library is enough.

    with Browser("/usr/bin/chromium") as browser:
        page = browser.open("file:///tmp/page.html", width=1280, height=900)
        page.evaluate("document.title")

The network is cut off; what a page asks for all the same is in page.requests.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class Browser:
    def __init__(self, program):
        self.program = program

    def __enter__(self):
        to_browser, self.to = os.pipe()
        self.fro, from_browser = os.pipe()
        self.home = tempfile.mkdtemp(prefix="report-browser.")

        # Chromium reads commands from descriptor 3 and answers on 4.
        def take_pipe():
            read, write = os.dup(to_browser), os.dup(from_browser)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [self.program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--hide-scrollbars", "--remote-debugging-pipe", "--disable-background-networking", "--disable-component-update",
             "--proxy-server=127.0.0.1:9", "--user-data-dir=" + self.home, "about:blank"],
            preexec_fn=take_pipe, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        self.next_id, self.buffer, self.pages = 0, b"", {}
        return self

    def __exit__(self, *_):
        os.close(self.to)
        os.close(self.fro)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def receive(self, until):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.fro], [], [], max(0, until - time.monotonic()))
            data = os.read(self.fro, 1 << 20) if ready else b""
            if not data:
                raise TimeoutError("the browser does not answer")
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, seconds=20, **params):
        self.next_id += 1
        wanted = {"id": self.next_id, "method": method, "params": params}
        if session:
            wanted["sessionId"] = session
        os.write(self.to, json.dumps(wanted).encode() + b"\0")
        until = time.monotonic() + seconds
        while True:
            message = self.receive(until)
            if message.get("id") == wanted["id"]:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            if message.get("sessionId") in self.pages:
                self.pages[message["sessionId"]].note(message)

    def open(self, url, width, height, dark=False):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(domain + ".enable")
        page.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        page.resize(width, height)
        page.call("Page.navigate", url=url)
        page.wait("document.readyState === 'complete'")
        return page


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session
        self.requests, self.errors, self.dialogs = [], [], []

    def note(self, message):
        method, params = message["method"], message["params"]
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", expression))
        return result["result"].get("value")

    def wait(self, expression, seconds=10):
        until = time.monotonic() + seconds
        while not self.evaluate(expression):
            if time.monotonic() > until:
                raise TimeoutError(f"never true: {expression}; errors: {self.errors}")
            time.sleep(0.05)

    def mouse(self, kind, x, y, clicks=0):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left" if kind != "mouseMoved" or clicks else "none",
                  buttons=1 if clicks and kind != "mouseReleased" else 0, clickCount=clicks)

    def click(self, selector):
        x, y = self.middle(selector)
        self.mouse("mousePressed", x, y, 1)
        self.mouse("mouseReleased", x, y, 1)

    def middle(self, selector):
        box = self.evaluate(f"(() => {{ const at = document.querySelector({json.dumps(selector)}); at.scrollIntoView({{block: 'center'}});"
                            " const box = at.getBoundingClientRect(); return [box.left, box.top, box.width, box.height]; })()")
        return box[0] + box[2] / 2, box[1] + box[3] / 2

    def drag(self, selector, begin, end):
        """From one share of the element's width to another, at half its height."""
        self.middle(selector)
        left, top, width, height = self.evaluate(
            f"(() => {{ const box = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            " return [box.left, box.top, box.width, box.height]; })()")
        y = top + height / 2
        self.mouse("mouseMoved", left + begin * width, y)
        self.mouse("mousePressed", left + begin * width, y, 1)
        for step in range(1, 6):
            self.mouse("mouseMoved", left + (begin + (end - begin) * step / 5) * width, y, 1)
        self.mouse("mouseReleased", left + end * width, y, 1)

    def double_click(self, selector):
        x, y = self.middle(selector)
        for clicks in (1, 2):
            self.mouse("mousePressed", x, y, clicks)
            self.mouse("mouseReleased", x, y, clicks)

    def screenshot(self, path, whole=False):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
