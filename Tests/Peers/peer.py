"""The program under test from outside: where it is, how it is started, asked and ended, and what its lake holds.

A peer test says with `check` what must hold, and leaves with `finish`. Whatever it starts it ends by the process id.
"""

import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
ROOT = pathlib.Path(os.environ.get("TAPEDECK_ROOT", HERE.parents[1]))
BINARY = os.environ.get("TAPEDECK_BINARY", str(ROOT / ".build/release/tapedeck"))
DEPS = pathlib.Path(os.environ.get("TAPEDECK_DEPS", ROOT / ".deps"))

# What did not hold, in the order in which it was found.
failures = []


def check(name, holds, detail=""):
    """Prints whether something holds, and remembers it where it does not."""
    print(("ok    " if holds else "FAILED") + f" {name}" + (f": {detail}" if detail else ""), flush=True)
    if not holds:
        failures.append(name)


def finish():
    """Ends the test with what the checks found."""
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


def wait_for(holds, seconds=60, every=0.1):
    """Whether something came to hold in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(every)
    return False


def recordings():
    """The folder of real recordings: TAPEDECK_DATA, or shared/data beside a folder above the checkout; None without."""
    if "TAPEDECK_DATA" in os.environ:
        return pathlib.Path(os.environ["TAPEDECK_DATA"])
    return next((folder / "shared/data" for folder in ROOT.parents if (folder / "shared/data/README.md").exists()), None)


def run(*arguments, timeout=120, **options):
    """Runs one command of the program to its end; exit code and texts of both outputs."""
    command = [BINARY, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, **options)


def delta_database():
    """DuckDB with its own reader of Delta tables."""
    database = duckdb.connect()
    database.execute(f"LOAD '{DEPS / 'lib/delta.duckdb_extension'}'")
    database.execute("SET TimeZone = 'UTC'")
    return database


def open_lake(data):
    """DuckDB over the lake of a data folder, with a view for each table that is there."""
    database = delta_database()
    for log in sorted(data.glob("lake/*/_delta_log")):
        database.execute(f"CREATE VIEW {log.parent.name} AS SELECT * FROM delta_scan('{log.parent}')")
    return database


def free_port():
    """A port that nobody has, and that no outgoing connection gets before it is used: the kernel draws theirs from a range of
    its own, also while the program that listens here is down."""
    low, high = map(int, pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    outside = [port for port in range(10_000, 65_536) if not low <= port <= high]
    for port in random.sample(outside, min(100, len(outside))):
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError(f"no free port outside of the kernel's range from {low} to {high}")


def ask(url, body=None, headers=(), timeout=20):
    """Status and content of the answer to one request on a connection of its own; None where none came. POST with a body."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        path = urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
        connection.request("GET" if body is None else "POST", path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Process:
    """A command that is started as often as it was ended; what it prints is appended to a log. As a context it ends with the
    block, and shows the end of its log where something failed."""

    def __init__(self, command, log, environment=None):
        self.command, self.log, self.environment = [str(word) for word in command], log, environment
        self.process = None

    def start(self, output=None):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=output or log, stderr=log, env=self.environment)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def end(self, order=signal.SIGTERM, seconds=60):
        """Asks it to end; its exit code."""
        self.process.send_signal(order)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.tell()
            raise

    def tell(self):
        """Prints what its threads wait for, and how its log ends."""
        for thread in sorted(pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()):
            with contextlib.suppress(OSError):
                name, wait = ((thread / file).read_text().strip() for file in ("comm", "wchan"))
                print(f"      thread {thread.name} {name}: {wait}")
        print(pathlib.Path(self.log).read_text(errors="replace")[-3000:], flush=True)

    def kill(self):
        self.end(signal.SIGKILL, 20)

    def memory(self, kind):
        """Bytes of memory as /proc has them: VmRSS for now, VmHWM for the most so far."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{kind}:\s*(\d+) kB$", status, re.MULTILINE)[1]) << 10

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.is_running():
            self.kill()
        if (failures or kind) and self.log.exists():
            print(self.log.read_text(errors="replace")[-3000:], file=sys.stderr)


class Program(Process):
    """The program, asked over HTTP. With a port, where its pipeline listens, `start` returns at once, so that it can be killed
    at any instant; without one, `start` waits for the address that the program prints."""

    def __init__(self, log, *arguments, port=None, environment=None):
        super().__init__([BINARY, *arguments], log, environment)
        self.port = port
        self.url = f"http://127.0.0.1:{port}" if port else None

    def start(self):
        if self.port:
            return super().start()
        super().start(subprocess.PIPE)
        for line in self.process.stdout:
            if found := re.search(rb"http://\S+", line):
                self.url = found[0].decode()
                return None
        raise SystemExit(f"the program did not start, exit code {self.process.wait(20)}: {self.log.read_text()[-1000:]}")

    def ask(self, path, body=None, headers=(), timeout=20):
        """Status and content of an answer; None where none came."""
        return ask(self.url + path, body, headers, timeout)

    def get(self, path):
        """The JSON of a good answer; None where there is none."""
        answer = self.ask(path)
        return json.loads(answer[1]) if answer and answer[0] == 200 else None

    def query(self, sql):
        """The rows of a query; None where it was not answered with rows."""
        body = json.dumps({"sql": sql, "limit": 1000})
        answer = self.ask("/api/v1/query", body, {"Content-Type": "application/json"}, timeout=60)
        return json.loads(answer[1])["rows"] if answer and answer[0] == 200 else None

    def feed(self, name):
        """What the status says about a feed; nothing where there is no answer."""
        status = self.get("/api/v1/status") or {}
        return next((feed for feed in status.get("feeds", []) if feed["name"] == name), {})
