#!/usr/bin/env python3
"""Starts the demo as a user would and checks what it serves: interface, stream, dashboard, lake, end and restart."""

import asyncio
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse

import polars
import websockets
from deltalake import DeltaTable

from peer import ROOT, Program, check, finish, open_lake, run, wait_for


def becomes_ready(demo):
    def is_live():
        return demo.get("/readyz") and [feed["state"] for feed in demo.get("/api/v1/status")["feeds"]][:1] == ["live"]

    return wait_for(is_live)


def ask_sql(demo, sql):
    return demo.ask("/api/v1/query", json.dumps({"sql": sql}), {"Content-Type": "application/json"})


def conforms(value, schema, description, path="$"):
    """The first place where a value does not fit an OpenAPI schema; None where it fits."""
    if "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    checks = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None)}

    def fits(kind):
        if kind == "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        if kind == "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        return isinstance(value, checks[kind])

    if kinds and not any(fits(kind) for kind in kinds):
        return f"{path} is {value!r}, not {kinds}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{path} is {value!r}, not one of {schema['enum']}"
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                return f"{path}.{name} is missing"
        for name, member in value.items():
            inner = properties.get(name, schema.get("additionalProperties"))
            if inner is None and properties:
                return f"{path}.{name} is not described"
            if isinstance(inner, dict):
                fault = conforms(member, inner, description, f"{path}.{name}")
                if fault:
                    return fault
    if isinstance(value, list) and "items" in schema:
        for index, member in enumerate(value):
            fault = conforms(member, schema["items"], description, f"{path}[{index}]")
            if fault:
                return fault
    return None


def interface(demo):
    description = demo.get("/api/v1/openapi.json")
    instrument = demo.get("/api/v1/instruments")["instruments"][0]["instrument"]
    for path, methods in description["paths"].items():
        if "get" not in methods or path.endswith(("/stream", "/openapi.json", "/metrics")):
            continue
        operation = methods["get"]
        needed = [p["name"] for p in operation.get("parameters", []) if p["required"]]
        known = {"instrument": instrument, "venue": "US"}
        query = "?" + urllib.parse.urlencode({name: known[name] for name in needed}) if needed else ""
        answer = demo.get(path + query)
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        fault = conforms(answer, schema, description)
        check(f"GET {path} answers as described", fault is None, fault or "")
        if needed:
            status, text = demo.ask(path)
            fault = conforms(json.loads(text), description["components"]["schemas"]["Error"], description)
            check(f"GET {path} without parameters is refused", status == 400 and fault is None, fault or "")
    answer = json.loads(ask_sql(demo, "SELECT 1 AS one, 'x' AS text")[1])
    schema = description["components"]["schemas"]["QueryResult"]
    check("POST /api/v1/query answers as described", conforms(answer, schema, description) is None and answer["rows"] == [[1, "x"]])
    for sql in ["DROP VIEW trades", "COPY trades TO '/tmp/x.csv'", "SELECT * FROM read_text('/etc/passwd')",
                "SELECT 1; SELECT 2", "ATTACH '/tmp/x.db'", "SET threads = 1", "PRAGMA version", "INSTALL httpfs"]:
        status, text = ask_sql(demo, sql)
        check(f"refused: {sql}", status == 400, text.decode() if status != 400 else json.loads(text)["error"]["message"][:80])
    metrics = demo.ask("/metrics")[1].decode()
    lines = [line for line in metrics.splitlines() if not line.startswith("#")]
    well_formed = all(re.fullmatch(r'[a-z_:]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+0-9.eInfNa]+', line) for line in lines)
    names = {re.match(r"[a-z_]+", line).group(0) for line in lines}
    wanted = {"tapedeck_trades", "tapedeck_engine_lag_frames", "tapedeck_feed_watermark_delay_seconds",
              "tapedeck_flush_seconds_count", "tapedeck_dead_letters", "tapedeck_feed_reconnects"}
    check("/metrics is Prometheus text with the promised names", well_formed and wanted <= names, str(wanted - names))


async def stream(demo):
    async with websockets.connect(demo.url.replace("http", "ws") + "/api/v1/stream") as socket:
        await socket.send('{"op":"subscribe","channels":["trades","quotes","bars","indicators","health"],"intervals":["1s"]}')
        seen = {}
        end = time.monotonic() + 40
        while time.monotonic() < end and not {"subscribed", "trade", "quote", "bar", "indicator", "health", "final"} <= seen.keys():
            message = json.loads(await asyncio.wait_for(socket.recv(), 20))
            seen[message["type"]] = seen.get(message["type"], 0) + 1
            if message["type"] == "bar" and message["final"]:
                seen["final"] = 1
        check("the stream sends every channel and final bars", "final" in seen and "indicator" in seen and "health" in seen, str(seen))
        await socket.send("not json")
        while True:
            message = json.loads(await asyncio.wait_for(socket.recv(), 20))
            if message["type"] == "error":
                break
        check("a bad message gets an error and the connection stays", True, message["message"])


def visible(demo):
    """Time from receipt to SQL, measured from the outside: the newest trade is never old."""
    ages = []
    for _ in range(10):
        rows = demo.query("SELECT max(ingest_time_ns) FROM trades")
        ages.append(time.time() - rows[0][0] / 1e9)
        time.sleep(0.05)
    check("trades are visible to SQL soon after receipt", min(ages) < 1.0, f"best {min(ages) * 1000:.0f} ms")


def lake(demo, data):
    status = demo.get("/api/v1/status")
    for table in ["frames", "trades", "quotes", "bars"]:
        folder = str(data / "lake" / table)
        delta = DeltaTable(folder)
        version = delta.version()
        rows = [delta.to_pyarrow_table(columns=["journal_offset"]).num_rows,
                polars.scan_delta(folder, version=version).select(polars.len()).collect().item(),
                open_lake(data).execute(f"SELECT count(*) FROM {table}").fetchone()[0]]
        check(f"{table}: other engines read the lake while the demo runs", rows[0] == rows[1] <= rows[2], str(rows))
    check("status is ready", status["ready"])


def consistent(data):
    """Every journaled frame is in the lake once, and trades are contiguous."""
    summary = run("recover", "--data", data, "--json", "--config", ROOT / "pipelines/demo.yaml", timeout=300)
    check("recover stores what is left", summary.returncode == 0, summary.stderr[-300:])
    database = open_lake(data)
    frames, distinct = database.execute("SELECT count(*), count(DISTINCT journal_offset) FROM frames").fetchone()
    check("every frame is stored once", frames == distinct > 0, f"{frames}")
    doubles = database.execute(
        "SELECT count(*) FROM (SELECT 1 FROM trades GROUP BY venue, symbol, trade_id HAVING count(*) > 1)").fetchone()[0]
    check("no trade is stored twice", doubles == 0)
    # The market delivers some trades up to 1.5 s late: what it still held when it was killed was never received.
    holes = database.execute("""SELECT coalesce(sum(hole), 0) FROM (SELECT max(trade_id) - min(trade_id) + 1 - count(*) AS hole
        FROM trades WHERE event_time_ns < (SELECT max(event_time_ns) FROM trades) - 3000000000
        GROUP BY venue, symbol)""").fetchone()[0]
    check("no trade is missing", holes == 0, str(holes))


def main():
    with tempfile.TemporaryDirectory(prefix="tapedeck-demo-") as work:
        data = pathlib.Path(work) / "data"
        arguments = ["demo", "--data", data, "--listen", "127.0.0.1:0"]
        with Program(data.parent / "program.log", *arguments, "--history", "30m") as demo:
            demo.start()
            check("the demo becomes ready and live", becomes_ready(demo))
            interface(demo)
            asyncio.run(stream(demo))
            visible(demo)
            lake(demo, data)
            dashboard = subprocess.run([sys.executable, str(ROOT / "Tests/Dashboard/dashboard_test.py"), demo.url], timeout=400)
            check("the dashboard's checks in a real browser", dashboard.returncode == 0)
            started = time.monotonic()
            code = demo.end(seconds=30)
            check("SIGTERM ends it in order", code == 0 and time.monotonic() - started < 5, f"exit {code} after {time.monotonic() - started:.1f} s")
            consistent(data)
            demo.start()
            check("it starts again on the same data", becomes_ready(demo))
            second = run(*arguments, timeout=60)
            check("a second instance is refused", second.returncode == 1 and "being written by process" in second.stderr, second.stderr.strip()[-200:])
            time.sleep(2)
            demo.kill()
            consistent(data)
    finish()


if __name__ == "__main__":
    main()
