"""Runs `tapedeck run` under a steady load with a listening client and queries, and judges what grows."""

import argparse
import asyncio
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import report
import websockets

ROOT = pathlib.Path(__file__).resolve().parent.parent
PIPELINE = """\
pipeline: soak
data: {data}
feeds:
  - simulator: {{ rate: {rate}, history: 0s }}
journal: {{ retain_bytes: 2GiB }}
bars: {{ intervals: [1s, 1m, 1h], price_types: [trade] }}
indicators: [sma(20), rsi(14), atr(14)]
sinks:
  - lake: {{ flush: 30s }}
serve: {{ listen: "127.0.0.1:0" }}
log: {{ level: warning }}
"""
QUERY = "SELECT venue, symbol, count(*), max(event_time_ns) FROM trades WHERE event_time_ns > {since} GROUP BY ALL"
# Growth from the second quarter of the run to the last that still counts as flat.
MEMORY_GROWTH_MAX = 1.10
DESCRIPTORS_GROWTH_MAX = 8


def parsed_arguments():
    parser = argparse.ArgumentParser(prog="Benchmarks/soak", description="Run under load and judge what grows.")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=int, default=100_000, help="events per second over a day (default 100000)")
    parser.add_argument("--no-document", action="store_true", help="leave docs/performance.md alone")
    return parser.parse_args()


class Program:
    """A running pipeline."""

    def __init__(self, folder, rate):
        configuration = folder / "soak.yaml"
        configuration.write_text(PIPELINE.format(data=folder / "data", rate=rate))
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(
            [os.environ["TAPEDECK_BINARY"], "run", str(configuration)],
            stdout=subprocess.PIPE, stderr=self.log, text=True,
        )  # fmt: skip
        for line in self.process.stdout:
            if found := re.search(r"http://\S+", line):
                self.url = found.group(0)
                return
        raise SystemExit(f"the program did not start, exit code {self.process.wait(10)}")

    def sample(self):
        folder = pathlib.Path("/proc", str(self.process.pid))
        status = (folder / "status").read_text()
        user, system = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
        return {
            "rss": int(re.search(r"VmRSS:\s*(\d+)", status)[1]) * 1024,
            "threads": int(re.search(r"Threads:\s*(\d+)", status)[1]),
            "descriptors": len(os.listdir(folder / "fd")),
            "cpu_s": (int(user) + int(system)) / os.sysconf("SC_CLK_TCK"),
        }

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)

    def query(self, sql):
        body = json.dumps({"sql": sql}).encode()
        request = urllib.request.Request(self.url + "/api/v1/query", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["rows"]

    def stop(self):
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        return code, time.monotonic() - started


async def listen(url, counts):
    """A client of every trade of four instruments, for as long as the run lasts."""
    names = [row["instrument"] for row in counts["instruments"][:4]]
    async with websockets.connect(url.replace("http", "ws", 1) + "/api/v1/stream", max_size=None) as socket:
        await socket.send(json.dumps({"op": "subscribe", "channels": ["trades", "bars"], "instruments": names}))
        async for message in socket:
            counts["messages"] += 1
            if message.startswith('{"type":"dropped"'):
                counts["dropped"] += json.loads(message)["count"]


async def run(program, seconds):
    """Samples every five seconds, a query with each; a line a minute."""
    while len(listing := program.get("/api/v1/instruments")["instruments"]) < 4:
        await asyncio.sleep(0.2)
    counts = {"instruments": listing, "messages": 0, "dropped": 0}
    client = asyncio.create_task(listen(program.url, counts))
    samples = []
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < seconds:
        if program.process.poll() is not None:
            raise SystemExit(f"the program ended by itself, exit code {program.process.returncode}")
        if client.done():
            raise SystemExit(f"the live stream ended: {client.exception()}")
        before = time.monotonic()
        await asyncio.to_thread(program.query, QUERY.format(since=time.time_ns() - 60 * 10**9))
        status = await asyncio.to_thread(program.get, "/api/v1/status")
        samples.append(program.sample() | {
            "at": elapsed, "query_s": time.monotonic() - before, "status": status, "ready": status["ready"]
        })  # fmt: skip
        if len(samples) % 12 == 1:
            now = samples[-1]
            print(
                f"  {elapsed / 60:5.1f} min  {status['engine']['trades'] + status['engine']['quotes']:>13,} events"
                f"  {report.mebibytes(now['rss']):>5} MiB  {now['descriptors']} descriptors  {now['threads']} threads"
                f"  lag {status['engine']['lag_frames']} frames", flush=True,
            )  # fmt: skip
        await asyncio.sleep(max(0, 5 - (time.monotonic() - before)))
    client.cancel()
    return samples, counts


def quarter(samples, number, value):
    size = len(samples) // 4
    return [value(sample) for sample in samples[number * size : (number + 1) * size]]


def main():
    options = parsed_arguments()
    load_before = report.load()
    failures = []
    with tempfile.TemporaryDirectory(prefix="tapedeck-soak-", dir=ROOT / ".build") as work:
        program = Program(pathlib.Path(work), options.rate)
        try:
            samples, counts = asyncio.run(run(program, options.minutes * 60))
        finally:
            code, stop_s = program.stop()
        journal_bytes = samples[-1]["status"]["journal"]["bytes"]
    last = samples[-1]["status"]["engine"]
    events = last["trades"] + last["quotes"]

    def row(name, value, shown):
        early, late = quarter(samples, 1, value), quarter(samples, 3, value)
        medians = [statistics.median(early), statistics.median(late)]
        return medians, [name, shown(medians[0]), shown(medians[1]), shown(max(map(value, samples)))]

    memory, memory_row = row("resident memory, MiB", lambda s: s["rss"], report.mebibytes)
    descriptors, descriptor_row = row("file descriptors", lambda s: s["descriptors"], report.grouped)
    _, thread_row = row("threads", lambda s: s["threads"], report.grouped)
    _, lag_row = row("engine behind the journal, frames", lambda s: s["status"]["engine"]["lag_frames"], report.grouped)
    _, query_row = row("query and status over HTTP, s", lambda s: s["query_s"], report.significant)
    if memory[1] > memory[0] * MEMORY_GROWTH_MAX:
        failures.append(f"memory grew from {memory[0]:,} to {memory[1]:,} bytes")
    if descriptors[1] > descriptors[0] + DESCRIPTORS_GROWTH_MAX:
        failures.append(f"file descriptors grew from {descriptors[0]} to {descriptors[1]}")
    if code != 0 or stop_s > 5:
        failures.append(f"SIGTERM: exit code {code} after {stop_s:.1f} s")
    if last["dead_letters"] or last["duplicates"]:
        failures.append(f"rejected {last['dead_letters']}, repeated {last['duplicates']}")
    if not all(sample["ready"] for sample in samples):
        failures.append("not ready all the time")

    command = " ".join(["Benchmarks/soak", *sys.argv[1:]])
    facts = (
        f"{events:,} events in {options.minutes:g} minutes ({events / samples[-1]['at']:,.0f} a second),"
        f" {samples[-1]['cpu_s'] / events * 1e6:.2f} CPU µs each; {counts['messages']:,} messages to the client,"
        f" {counts['dropped']:,} replaced by newer ones; journal {report.mebibytes(journal_bytes)} MiB;"
        f" SIGTERM to exit {stop_s:.2f} s. {'; '.join(failures) or 'Nothing grew'}."
    )
    header = ["", "median of the second quarter", "median of the last", "largest"]
    table = report.table(header, [memory_row, descriptor_row, thread_row, lag_row, query_row])
    text = f"{report.preamble(command, load_before, 1)}\n\n{facts}\n\n{table}"
    print(f"\n{text}")
    if not options.no_document:
        report.write("soak", text)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
