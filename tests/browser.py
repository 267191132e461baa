"""A Chromium without a window, spoken to over a pipe (DevTools protocol)."""
import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--force-color-profile=srgb", "--remote-debugging-pipe"]


class BrowserError(Exception):
    """The browser said no, or nothing."""


class Browser:
    """One browser with one page. What the page logs, throws and asks for is kept."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="healthd-chromium-")
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        os.set_inheritable(commands, True)
        os.set_inheritable(answers, True)
        call = " ".join(["exec", shutil.which("chromium"), *FLAGS, f"--user-data-dir={self.profile}", "about:blank",
                         f"3<&{commands}", f"4>&{answers}"])
        # A group of its own, so that it can be ended with all of its processes; and what it calls home.
        self.process = subprocess.Popen(["/bin/bash", "-c", call], pass_fds=[commands, answers],
                                        start_new_session=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, "HOME": self.profile, "TZ": "UTC", "LANG": "C.UTF-8"})
        os.close(commands)
        os.close(answers)
        self.number = 0
        self.replies = {}
        self.complaints = []  # errors of the console, exceptions, violations of the policy
        self.requests = {}  # URLs by number
        self.changed = threading.Condition()
        self.ended = False
        threading.Thread(target=self._read, daemon=True).start()
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self._call(domain + ".enable")

    def _read(self):
        rest = b""
        while True:
            piece = os.read(self.answers, 1 << 16)
            *whole, rest = (rest + piece).split(b"\0")
            with self.changed:
                for message in whole:
                    self._take(json.loads(message))
                self.ended = not piece
                self.changed.notify_all()
            if not piece:
                return

    def _take(self, message):
        if "id" in message:
            self.replies[message["id"]] = message
            return
        method, said = message["method"], message["params"]
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(said["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(said["args"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
        elif method == "Audits.issueAdded" and said["issue"]["code"] == "ContentSecurityPolicyIssue":
            self.complaints.append(json.dumps(said["issue"]))
        elif method == "Network.requestWillBeSent":
            self.requests[said["requestId"]] = said["request"]["url"]
        elif method == "Network.loadingFailed" and "blockedReason" in said:
            self.requests.pop(said["requestId"], None)  # the policy did not let it out

    def _call(self, method, timeout=30, **parameters):
        with self.changed:
            self.number += 1
            number = self.number
            message = {"id": number, "method": method, "params": parameters}
            if getattr(self, "session", None):
                message["sessionId"] = self.session
            os.write(self.commands, json.dumps(message).encode() + b"\0")
            if not self.changed.wait_for(lambda: number in self.replies or self.ended, timeout) or self.ended:
                raise BrowserError(f"{method}: no answer")
            reply = self.replies.pop(number)
        if "error" in reply:
            raise BrowserError(f"{method}: {reply['error']}")
        return reply["result"]

    def open(self, url):
        """Load a page, and wait until it is there."""
        self._call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def run(self, expression):
        """The value of an expression of JavaScript; a promise is waited for."""
        said = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in said:
            raise BrowserError(f"{expression}: {said['exceptionDetails']}")
        return said["result"].get("value")

    def send(self, kind, event):
        """An event to all that the page holds of a kind, as if it came from outside."""
        found = self._call("Runtime.evaluate", expression=f"{kind}.prototype")["result"]["objectId"]
        held = self._call("Runtime.queryObjects", prototypeObjectId=found)["objects"]["objectId"]
        self._call("Runtime.callFunctionOn", objectId=held,
                   functionDeclaration=f"function() {{ this.forEach((e) => e.dispatchEvent(new Event('{event}'))); }}")

    def wait(self, expression, timeout=10.0):
        """Until it is true; how many seconds it took."""
        began = time.monotonic()
        while True:
            with contextlib.suppress(BrowserError):  # a page that is being left has no value
                if self.run(expression):
                    return time.monotonic() - began
            if time.monotonic() - began > timeout:
                raise BrowserError(f"not true in {timeout} s: {expression}\n{self.run('document.body.innerText')}")
            time.sleep(0.02)

    def press(self, key):
        """A key, as a keyboard sends it."""
        text = {"Enter": "\r", "Space": " "}.get(key, key if len(key) == 1 else "")
        code = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowRight": 39, "ArrowDown": 40, "ArrowUp": 38}.get(key, 0)
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text if kind == "keyDown" else "",
                       windowsVirtualKeyCode=code)

    def point(self, selector):
        """Move the pointer onto an element."""
        x, y = self.run(f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
                        " return [r.left + r.width / 2, r.top + r.height / 2]; })()")
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def look(self, width=1400, height=900, scheme="light"):
        """Screen size and colour scheme."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                   mobile=width < 600)
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def shoot(self, path):
        """A picture of what is on the screen."""
        data = self._call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))

    def print(self, path):
        """As it comes out on paper."""
        data = self._call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self):
        """End all of its processes, and leave nothing behind."""
        with contextlib.suppress(OSError, BrowserError):
            self.session = None
            self._call("Browser.close", timeout=5)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.commands)
        for _ in range(50):
            shutil.rmtree(self.profile, ignore_errors=True)
            if not os.path.exists(self.profile):
                return
            time.sleep(0.1)
