"""Ingest by Tapedeck from the same WebSocket server: `tapedeck_live.py TAPEDECK FRAMES FOLDER ROWS`.

A pipeline with the Finnhub feed: durable journal, decoder, bars at 1 s, 1 min and 1 h with indicators, everything in
the lake. Counted from the start of the program until it has stored all and ended.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from meter import Meter

SERVER = pathlib.Path(__file__).parent.parent / "replay_server.py"
PIPELINE = """
pipeline: peers
data: {folder}/data
feeds:
  - finnhub: {{ token: none, symbols: [S0], url: "ws://127.0.0.1:{port}" }}
bars: {{ intervals: [1s, 1m, 1h], price_types: [trade] }}
indicators: [sma(20), rsi(14), atr(14)]
sinks:
  - lake: {{ flush: 60s }}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def trades_of(address):
    try:
        with urllib.request.urlopen(f"http://{address}/api/v1/status", timeout=5) as answer:
            return json.load(answer)["engine"]["trades"]
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return 0


def run(tapedeck, pipeline, rows, folder):
    address = f"127.0.0.1:{free_port()}"
    log = open(folder / "log", "wb")
    program = subprocess.Popen([tapedeck, "run", pipeline, "--listen", address], stdout=log, stderr=log)
    try:
        while trades_of(address) < rows:
            assert program.poll() is None, (folder / "log").read_text()
            time.sleep(0.02)
    finally:
        program.send_signal(signal.SIGTERM)
        # wait4 instead of wait: it also gives this process's own peak memory.
        _, status, usage = wait(program)
    assert status == 0, (folder / "log").read_text()
    return usage.ru_maxrss << 10


def wait(program):
    pid, status, usage = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    return pid, program.returncode, usage


def totals(tapedeck, data):
    sql = "SELECT count(*) AS bars, coalesce(sum(volume), 0) AS volume FROM bars WHERE interval = '1m'"
    out = subprocess.run([tapedeck, "sql", "--data", data, "--json", sql], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def main(tapedeck, frames, folder, rows):
    server = subprocess.Popen([sys.executable, SERVER, frames], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline())
        pipeline = folder / "pipeline.yaml"
        pipeline.write_text(PIPELINE.format(folder=folder, port=port))
        with Meter(apart=[server.pid]) as meter:
            meter_peak = run(tapedeck, pipeline, rows, folder)
        meter.peak_rss_bytes = meter_peak
    finally:
        server.kill()
        server.wait()
    meter.report(rows, **totals(tapedeck, folder / "data"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4]))
