"""A stand-in for the server, for work on the dashboard alone.

    python3 mock_server.py --vendor path/to/lightweight-charts.js [--port 8090] [--rate 200]

Serves the dashboard's files, the HTTP interface and the live stream with random-walk data.
Only the standard library is needed. `POST /mock` with {"degraded": true}, {"refuse_seconds": 5}
or {"rate": 5000} makes the world worse, to see how the dashboard shows it.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import sqlite3
import struct
import time
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from mock_market import INTERVALS, Market, indicators, rfc3339

ROOT = Path(__file__).resolve().parents[2] / "Sources/Serving/Dashboard"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
JOBS = [
    {"name": "compact", "kind": "compact", "time": "every 1h", "state": "waiting", "started": "2026-01-31T09:00:00Z", "done": "2026-01-31T09:00:01Z",
     "next": "2026-01-31T10:00:00Z", "seconds": 0.8, "outcome": "done", "detail": "14 files became 1"},
    {"name": "models", "kind": "command", "time": "after compact", "state": "failing", "started": "2026-01-31T09:00:01Z", "done": None, "next": None,
     "seconds": 12.5, "outcome": "failed", "detail": "exit code 2: no such model"},
    {"name": "vacuum", "kind": "vacuum", "time": "30 3 * * *", "state": "paused", "started": None, "done": None, "next": "2026-02-01T03:30:00Z",
     "seconds": 0, "outcome": None, "detail": None},
]
CHANNELS = ["trades", "quotes", "bars", "indicators", "health"]


class Client:
    """One WebSocket connection: what it wants, and a bounded queue."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.wants: set[tuple[str, str, str]] = set()
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(maxsize=20_000)
        self.dropped = 0

    def wants_any(self, channel: str, instrument: str = "*", interval: str = "*") -> bool:
        return any((channel, i, n) in self.wants
                   for i in (instrument, "*") for n in (interval, "*"))

    def send(self, message: dict | bytes) -> None:
        data = message if isinstance(message, bytes) else frame(json.dumps(message))
        try:
            self.queue.put_nowait(data)
        except asyncio.QueueFull:
            self.dropped += 1

    def request(self, text: str) -> None:
        message = json.loads(text)
        instruments = message.get("instruments", ["*"])
        intervals = message.get("intervals", ["*"])
        keys = {(c, i, n) for c in message["channels"] for i in instruments for n in intervals}
        if message["op"] == "subscribe":
            self.wants |= keys
        else:
            self.wants = {w for w in self.wants if not any(
                w[0] == k[0] and k[1] in ("*", w[1]) and k[2] in ("*", w[2]) for k in keys)}
        self.send({"type": message["op"] + "d", "channels": message["channels"],
                   "instruments": instruments,
                   "intervals": message.get("intervals", [])})


def frame(text: str) -> bytes:
    data = text.encode()
    if len(data) < 126:
        return bytes([0x81, len(data)]) + data
    if len(data) < 65536:
        return bytes([0x81, 126]) + struct.pack(">H", len(data)) + data
    return bytes([0x81, 127]) + struct.pack(">Q", len(data)) + data


class Server:
    def __init__(self, vendor: Path, rate: int, seed: int) -> None:
        self.vendor = vendor
        self.rate = rate
        self.market = Market(seed)
        self.clients: set[Client] = set()
        self.started = time.time()
        self.degraded = False
        self.refuse_until = 0.0
        self.events = 0
        self.events_per_second = float(rate * 2)

    # ---- the market ----

    async def play(self) -> None:
        due = time.time()
        second = 0
        changed: dict[tuple[str, str], dict] = {}
        while True:
            await asyncio.sleep(0.02)
            now = time.time()
            wave = 1 + 0.35 * ((int(now) % 17) / 17 - 0.5)
            while due < now:
                due += 1 / (self.rate * wave)
                if not self.degraded:
                    self._event(changed)
            for (name, interval), message in changed.items():
                self._publish("bars", name, interval, message)
            changed.clear()
            if int(now) != second:
                second = int(now)
                for instrument, interval, bar in self.market.close_elapsed(second):
                    self._bar_closed(instrument, interval, bar)
                self.events_per_second, self.events = float(self.events), 0
                for client in self.clients:
                    if client.wants_any("health"):
                        client.send({"type": "health", "status": self.status()})
                    if client.dropped:
                        client.send({"type": "dropped", "count": client.dropped})
                        client.dropped = 0

    def _event(self, changed: dict) -> None:
        instrument, trade, quote, bars = self.market.step()
        self.events += 2
        if trade:
            self._publish("trades", instrument.name, "*", trade)
        self._publish("quotes", instrument.name, "*", quote)
        for interval, bar in bars:
            if bar.final:
                self._bar_closed(instrument, interval, bar)
            else:
                changed[instrument.name, interval] = self._bar(instrument, interval, bar)

    def _bar(self, instrument, interval: str, bar) -> dict:
        return {"type": "bar", "instrument": instrument.name, "interval": interval,
                "price_type": instrument.price_type,
                "start_ns": bar.start * 10**9, **bar.values()}

    def _bar_closed(self, instrument, interval: str, bar) -> None:
        self._publish("bars", instrument.name, interval, self._bar(instrument, interval, bar))
        if not any(c.wants_any("indicators", instrument.name, interval) for c in self.clients):
            return
        series = indicators(list(instrument.bars[interval])[-300:])
        for name, points in series.items():
            if points:
                self._publish("indicators", instrument.name, interval, {
                    "type": "indicator", "instrument": instrument.name, "interval": interval,
                    "price_type": instrument.price_type, "name": name,
                    "start_ns": points[-1]["start_ns"],
                    "value": points[-1]["value"]})

    def _publish(self, channel: str, instrument: str, interval: str, message: dict) -> None:
        data = None
        for client in self.clients:
            if client.wants_any(channel, instrument, interval):
                data = data or frame(json.dumps(message))
                client.send(data)

    # ---- status ----

    def status(self) -> dict:
        now = time.time_ns()
        uptime = time.time() - self.started
        offset = self.market.offset
        rate = 0.0 if self.degraded else self.events_per_second
        feeds = [
            {"name": "simulator", "state": "stale" if self.degraded else "live",
             "detail": "no message for 35 s" if self.degraded else None,
             "frames": offset, "bytes": offset * 182, "events": offset * 2,
             "frames_per_second": rate / 2, "events_per_second": rate,
             "last_frame": rfc3339(now), "last_frame_ns": now, "reconnects": 0,
             "watermark": rfc3339(now - 2 * 10**9),
             "watermark_delay_seconds": 35.0 if self.degraded else 2.0 + (uptime % 7) / 20},
            {"name": "eurusd-2014", "state": "finished", "detail": "end of file",
             "frames": 776_401, "bytes": 46_584_060, "events": 776_401,
             "frames_per_second": 0.0, "events_per_second": 0.0,
             "last_frame": rfc3339(now - 900 * 10**9), "last_frame_ns": now - 900 * 10**9,
             "reconnects": 0, "watermark": None, "watermark_delay_seconds": None},
        ]
        flushed = now - int(uptime % 60) * 10**9
        lag = int(uptime % 60 * rate / 2)
        sinks = [
            {"name": "lake", "state": "live", "detail": None, "offset": offset - lag,
             "lag_frames": lag, "lag_seconds": uptime % 60, "last_flush": rfc3339(flushed),
             "last_flush_seconds": 0.214, "rows": offset * 2, "files": 318, "bytes": 91_250_112},
            {"name": "clickhouse", "state": "degraded" if self.degraded else "live",
             "detail": "connection refused, retry in 4 s" if self.degraded else None,
             "offset": offset - 40, "lag_frames": 40, "lag_seconds": 0.4,
             "last_flush": rfc3339(now - 10**9), "last_flush_seconds": 0.031,
             "rows": offset * 2, "files": None, "bytes": None,
             "usage": {"rows": offset * 2, "requests": 1200, "bytes": 52_428_800, "kept_bytes": 0, "cost_usd": None,
                       "predicted_rows": offset * 9, "predicted_requests": 5400, "predicted_bytes": 235_929_600,
                       "predicted_cost_usd": None, "limit": None, "used": None, "action": None}},
        ]
        return {
            "pipeline": "demo", "version": "0.1.0", "started": rfc3339(int(self.started * 1e9)),
            "uptime_seconds": uptime, "ready": not self.degraded,
            "intervals": list(INTERVALS), "indicators": ["sma(20)", "rsi(14)", "atr(14)"], "feeds": feeds,
            "journal": {"path": "data/journal", "head_offset": offset,
                        "durable_offset": offset - 3, "oldest_offset": 0, "segments": 4,
                        "bytes": offset * 96, "fsync_p99_us": 300 + int(uptime * 13) % 90},
            "engine": {"offset": offset - 3, "lag_frames": 3, "trades": offset, "quotes": offset,
                       "bars": 48_211, "duplicates": 12, "late": 3, "gaps": 0, "crossed_quotes": 0,
                       "dead_letters": 7 if self.degraded else 0},
            "sinks": sinks, "jobs": JOBS, "hot": {"rows": 412_332, "visible_offset": offset - 20},
            "disk": {"free_bytes": 48_318_382_080}, "clients": len(self.clients)}

    # ---- HTTP ----

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader, writer) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        url = urlsplit(target)
        if headers.get("upgrade", "").lower() == "websocket":
            if time.time() > self.refuse_until:
                await self._stream(headers["sec-websocket-key"], reader, writer)
            return False
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        status, kind, payload = self._answer(method, unquote(url.path), query, body)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nCache-Control: no-cache\r\n"
                     "Content-Security-Policy: default-src 'self'; img-src 'self' data:; "
                     "style-src 'self' 'unsafe-inline'\r\n"
                     f"Content-Length: {len(payload)}\r\n\r\n".encode() + payload)
        await writer.drain()
        return True

    def _answer(self, method: str, path: str, query: dict, body: bytes) -> tuple[int, str, bytes]:
        if not path.startswith(("/api/", "/mock")):
            return self._file(path)
        try:
            status, value = 200, self._api(method, path, query, body)
        except LookupError as error:
            status, value = 404, {"error": {"code": "not_found", "message": str(error)}}
        except sqlite3.Error as error:
            status, value = 400, {"error": {"code": "sql_error", "message": str(error)}}
        return status, "application/json", json.dumps(value).encode()

    def _file(self, path: str) -> tuple[int, str, bytes]:
        if path == "/vendor/lightweight-charts.js":
            return 200, TYPES[".js"], self.vendor.read_bytes()
        file = (ROOT / (path.lstrip("/") or "index.html")).resolve()
        if not file.is_relative_to(ROOT) or not file.is_file():
            return 404, "text/plain", b"not found"
        return 200, TYPES.get(file.suffix, "application/octet-stream"), file.read_bytes()

    def _api(self, method: str, path: str, query: dict, body: bytes) -> dict:
        if path == "/mock":
            change = json.loads(body)
            self.degraded = change.get("degraded", self.degraded)
            self.rate = change.get("rate", self.rate)
            if "refuse_seconds" in change:
                self.refuse_until = time.time() + change["refuse_seconds"]
                for client in self.clients:
                    client.writer.close()
            return {}
        name = path.removeprefix("/api/v1/")
        if name == "instruments":
            return {"instruments": [i.json() for i in self.market.instruments.values()]}
        if name == "status":
            return self.status()
        if name == "query" and method == "POST":
            return self._query(json.loads(body))
        if name == "calendar":
            return self._calendar(query["venue"])
        instrument = self.market.instruments[query["instrument"]]
        if name == "coverage":
            return {"coverage": self._coverage(instrument)}
        if name == "trades":
            trades = list(instrument.trades)[: int(query.get("limit", 100))]
            return {"instrument": instrument.name, "trades": trades}
        interval = query["interval"]
        bars = list(instrument.bars[interval])
        limit = int(query.get("limit", 500))
        kind = query.get("price_type", "trade")
        if kind != instrument.price_type:
            bars = []
        if "to" in query:
            text = query["to"]
            to = int(text) / 1e9 if text.isdigit() else datetime.fromisoformat(
                text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp()
            bars = [b for b in bars if b.start < to]
        head = {"instrument": instrument.name, "interval": interval, "price_type": kind}
        if name == "indicators":
            return {**head, "series": {k: v[-limit:] for k, v in indicators(bars).items()}}
        return {**head, "bars": [b.json() for b in bars[-limit:]]}

    def _calendar(self, venue: str) -> dict:
        """The first venue is closed until tomorrow; the hours of the others are not known."""
        if venue != next(iter(self.market.instruments.values())).venue:
            return {"venue": venue, "calendar": None}
        opens = (int(time.time()) // 86400 + 1) * 86400 + 9 * 3600
        text = datetime.fromtimestamp(opens, timezone.utc).strftime("%a %Y-%m-%d %H:%M Greenwich")
        return {"venue": venue, "calendar": "XMOC", "name": "Mock", "zone": "UTC", "open": False,
                "next_open": rfc3339(opens * 10**9), "next_open_ns": opens * 10**9, "next_open_text": text,
                "next_close": None, "next_close_ns": None, "sessions": []}

    def _coverage(self, instrument) -> list[dict]:
        """One stretch of each kind, in minutes before the start."""
        kinds = [("disconnected", 50, 44, None, None, "the connection was lost"),
                 ("silence", 35, 30, None, instrument.name, "usual are up to 60 s of trading time"),
                 ("sequence_gap", 20, 18, (101, 140), instrument.name, ""),
                 ("backfill", 20, 18, (101, 140), instrument.name, "https://api.example/trades?fromId=101"),
                 ("sequence_gap", 10, 9, (201, 203), instrument.name, "")]
        rows = []
        for kind, begins, ends, numbers, name, detail in kinds:
            first, last = (int((self.started - minutes * 60) * 1e9) for minutes in (begins, ends))
            rows.append({
                "from": rfc3339(first), "from_ns": first, "to": rfc3339(last), "to_ns": last,
                "feed": "simulator", "instrument": name, "kind": kind, "ongoing": False,
                "missing": numbers and numbers[1] - numbers[0] + 1, "first_id": numbers and numbers[0],
                "last_id": numbers and numbers[1], "detail": detail})
        return rows

    def _query(self, request: dict) -> dict:
        began = time.time()
        database = sqlite3.connect(":memory:")
        database.execute("ATTACH ':memory:' AS information_schema")
        tables = self._tables()
        database.execute("CREATE TABLE information_schema.columns"
                         "(table_schema, table_name, column_name, data_type, ordinal_position)")
        for table, rows in tables.items():
            columns = list(rows[0])
            database.execute(f"CREATE TABLE {table}({', '.join(columns)})")
            marks = ",".join("?" * len(columns))
            database.executemany(f"INSERT INTO {table} VALUES({marks})",
                                 [list(row.values()) for row in rows])
            database.executemany("INSERT INTO information_schema.columns VALUES(?,?,?,?,?)", [
                ("main", table, c, "DOUBLE" if isinstance(rows[0][c], float) else "VARCHAR", n)
                for n, c in enumerate(columns, 1)])
        cursor = database.execute(request["sql"])
        limit = request.get("limit", 1000)
        rows = cursor.fetchmany(limit + 1)
        names = [c[0] for c in cursor.description or []]
        types = [{float: "DOUBLE", int: "BIGINT"}.get(type(v), "VARCHAR")
                 for v in (rows[0] if rows else names)]
        return {"columns": [{"name": n, "type": t} for n, t in zip(names, types)],
                "rows": rows[:limit], "row_count": min(len(rows), limit),
                "truncated": len(rows) > limit, "seconds": time.time() - began}

    def _tables(self) -> dict[str, list[dict]]:
        instruments = self.market.instruments.values()
        return {
            "instruments": [{k: v for k, v in i.json().items()} for i in instruments],
            "trades": [{"venue": i.venue, "symbol": i.symbol, **t} for i in instruments for t in i.trades]
            or [{"venue": None, "symbol": None}],
            "bars": [{"venue": i.venue, "symbol": i.symbol, "interval": n, "price_type": "trade", **b.json()}
                     for i in instruments for n in ("1m", "1h") for b in list(i.bars[n])[-500:]]}

    # ---- WebSocket ----

    async def _stream(self, key: str, reader, writer) -> None:
        accept = base64.b64encode(hashlib.sha1(
            (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        writer.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").encode())
        client = Client(writer)
        self.clients.add(client)
        sender = asyncio.create_task(self._send(client))
        try:
            while True:
                opcode, payload = await self._receive(reader)
                if opcode == 8:
                    return
                if opcode == 9:
                    client.send(bytes([0x8A, len(payload)]) + payload)
                elif opcode == 1:
                    client.request(payload.decode())
        finally:
            self.clients.discard(client)
            sender.cancel()

    @staticmethod
    async def _receive(reader) -> tuple[int, bytes]:
        first, second = await reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", await reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", await reader.readexactly(8))
        mask = await reader.readexactly(4)
        data = await reader.readexactly(length)
        return first & 0x0F, bytes(b ^ mask[n % 4] for n, b in enumerate(data))

    @staticmethod
    async def _send(client: Client) -> None:
        while True:
            client.writer.write(await client.queue.get())
            await client.writer.drain()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vendor", type=Path, required=True, help="the chart library's file")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--rate", type=int, default=200, help="trades a second")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    server = Server(arguments.vendor, arguments.rate, arguments.seed)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", arguments.port)
    print(f"http://127.0.0.1:{arguments.port}/", flush=True)
    async with listener:
        await asyncio.gather(server.play(), listener.serve_forever())


if __name__ == "__main__":
    asyncio.run(main())
