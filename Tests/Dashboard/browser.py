"""Headless Chromium over the DevTools protocol: just what the dashboard's test needs."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from websockets.sync.client import connect

ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--mute-audio",
             "--no-first-run", "--disable-extensions", "--disable-background-networking",
             "--disable-dev-shm-usage", "--remote-debugging-port=0", "--force-color-profile=srgb"]
KEYS = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "End": 35}


class Browser:
    """A browser with one page. Everything the page complains about is kept in `complaints`."""

    def __init__(self, executable: str | None = None) -> None:
        executable = executable or os.environ.get("CHROMIUM") or shutil.which("chromium")
        if not executable:
            raise SystemExit("dashboard_test: chromium is not installed (Debian package: chromium)")
        self.profile = tempfile.mkdtemp(prefix="dashboard-test-")
        self.process = subprocess.Popen(
            [executable, *ARGUMENTS, f"--user-data-dir={self.profile}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        address = self._address()
        self.socket = connect(address, max_size=None)
        self.next_id = 1
        self.session: str | None = None
        self.complaints: list[str] = []
        self.requests: dict[str, str] = {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def _address(self) -> str:
        assert self.process.stderr
        for line in self.process.stderr:
            found = re.search(r"listening on (ws://\S+)", line)
            if found:
                return found[1]
        raise SystemExit("dashboard_test: chromium did not start")

    def close(self) -> None:
        self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.profile, ignore_errors=True)

    # Protocol

    def call(self, method: str, **parameters) -> dict:
        number = self.next_id
        self.next_id += 1
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv(timeout=60))
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._event(answer)

    def _event(self, event: dict) -> None:
        method, data = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = data["exceptionDetails"]
            text = details.get("exception", {}).get("description") or details["text"]
            self.complaints.append(f"exception: {text}")
        elif method == "Runtime.consoleAPICalled" and data["type"] in ("error", "warning", "assert"):
            text = " ".join(str(a.get("value", a.get("description"))) for a in data["args"])
            self.complaints.append(f"console {data['type']}: {text}")
        elif method == "Log.entryAdded" and data["entry"]["level"] in ("error", "warning"):
            entry = data["entry"]
            self.complaints.append(f"log {entry['level']}: {entry['text']} {entry.get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests[data["requestId"]] = data["request"]["url"]
        elif method == "Network.responseReceived" and data["response"]["status"] >= 400:
            self.complaints.append(f"HTTP {data['response']['status']}: {data['response']['url']}")
        elif method == "Network.loadingFailed" and not data.get("canceled"):
            url = self.requests.get(data["requestId"], "?")
            self.complaints.append(f"failed: {url} {data['errorText']}")

    # The page

    def before_load(self, script: str) -> None:
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def view(self, width: int, height: int, theme: str = "dark") -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1 if width > 800 else 2, mobile=width < 800)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": theme}])

    def evaluate(self, expression: str):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait(self, expression: str, seconds: float = 10):
        """The first truthy value of `expression`, or None when time runs out."""
        end = time.monotonic() + seconds
        while True:
            value = self.evaluate(expression)
            if value:
                return value
            if time.monotonic() > end:
                return None
            time.sleep(0.1)

    def key(self, key: str, control: bool = False) -> None:
        code = KEYS.get(key, ord(key.upper()) if len(key) == 1 else 0)
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        event = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 2 if control else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", **event,
                  **({"text": text} if text and not control else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def screenshot(self, path: Path) -> bytes:
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return data
