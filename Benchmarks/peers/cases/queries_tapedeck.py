"""Stored queries through Tapedeck's own interface: `queries_tapedeck.py TAPEDECK FRAMES FOLDER ROWS [REPEATS]`.

The program replays the frames into FOLDER/data and stays to answer POST /api/v1/query. A time is that of the whole
request: HTTP, SQL over the lake, the answer as JSON text received by the client (not parsed). Besides the questions of
queries.py it is asked for the bars that it has stored already."""

import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

from meter import cpu_of, peak_of
from queries import ALL, LAST, ONE, SYMBOL, VWAP

BARS = (
    "SELECT symbol, event_time_ns // 60000000000 AS m, arg_min(price, event_time_ns) AS o, max(price) AS h,"
    " min(price) AS l, arg_max(price, event_time_ns) AS c, sum(size) AS v FROM trades {} GROUP BY symbol, m"
    " ORDER BY symbol, m"
)
STORED = "SELECT symbol, start_ns, open, high, low, close, volume AS v FROM bars WHERE interval = '1m' {}"
STORED_ONE, STORED_ALL = "stored-one", "stored-all"
QUERIES = {
    ONE: BARS.format(f"WHERE symbol = '{SYMBOL}'"),
    ALL: BARS.format(""),
    LAST: "SELECT symbol, arg_max(price, event_time_ns) AS p FROM trades GROUP BY symbol",
    VWAP: "SELECT symbol, sum(price * size) / sum(size) AS vwap, sum(size) AS v FROM trades GROUP BY symbol",
    STORED_ONE: STORED.format(f"AND symbol = '{SYMBOL}' ORDER BY start_ns"),
    STORED_ALL: STORED.format("ORDER BY symbol, start_ns"),
}


def ask(address, sql):
    body = json.dumps({"sql": sql, "limit": 100_000}).encode()
    request = urllib.request.Request(f"http://{address}/api/v1/query", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def measure(address, pid, sql, repeats):
    ask(address, sql)
    walls, cpu = [], cpu_of([pid])
    for _ in range(repeats):
        start = time.perf_counter()
        body = ask(address, sql)
        walls.append((time.perf_counter() - start) * 1e3)
    cpu = (cpu_of([pid]) - cpu) * 1e3 / repeats
    answer = json.loads(body)
    names = [column["name"] for column in answer["columns"]]
    volume = sum(row[names.index("v")] for row in answer["rows"]) if "v" in names else 0.0
    assert not answer["truncated"], "the answer was cut off"
    return {"ms": statistics.median(walls), "cpu_ms": cpu, "answer_rows": answer["row_count"], "volume": volume}


def main(tapedeck, frames, folder, rows, repeats=5):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    command = [tapedeck, "replay", frames, "--format", "finnhub", "--data", folder / "data"]
    command += ["--bars", "1s,1m,1h", "--serve", "--listen", address, "--json"]
    with open(folder / "log", "wb") as log:
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    try:
        line = program.stdout.readline()
        assert line, (folder / "log").read_text()
        summary = json.loads(line)
        assert summary["rows_stored"] == rows, summary
        results = {name: measure(address, program.pid, sql, repeats) for name, sql in QUERIES.items()}
        peak = peak_of([program.pid])
    finally:
        program.send_signal(signal.SIGINT)
        program.wait()
    print(json.dumps({"rows": rows, "queries": results, "peak_rss_bytes": peak}))


if __name__ == "__main__":
    tapedeck, frames, folder, rows = sys.argv[1:5]
    main(tapedeck, os.path.abspath(frames), pathlib.Path(folder), int(rows), *map(int, sys.argv[5:6]))
