#!/usr/bin/env python3
"""Clients that push rows and send again whatever was not answered, while the program is killed: every row counts once.

Arguments: --kills N (default 10), --seed N.
"""

import argparse
import base64
import gzip
import http.client
import json
import pathlib
import random
import socket
import tempfile
import threading
import time
import zlib

from peer import Program, check, finish, free_port, open_lake, wait_for

TOKEN = "a-secret-that-nobody-may-see"
ROWS = 50


def program_in(folder):
    """The program on one data folder and port."""
    port = free_port()
    (folder / "pipeline.yaml").write_text(f"""
pipeline: ingest
data: {folder}/data
feeds:
  - push: {{ name: rows, format: trades, token: {TOKEN}, max_body: 4MiB }}
  - push: {{ name: messages, format: trades }}
bars: [1s]
indicators: []
sinks: [lake: {{ flush: 1s }}]
serve: {{ listen: "127.0.0.1:{port}" }}
""")
    return Program(folder / "program.log", "run", folder / "pipeline.yaml", port=port)


def wait_up(program):
    def takes():
        answer = program.ask("/api/v1/ingest/rows", "", {"Authorization": f"Bearer {TOKEN}"})
        return answer and answer[0] == 202

    return wait_for(takes, every=0.05)


def send_only(program, path, body, headers):
    """A client that is gone before the answer comes."""
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=20)
    try:
        connection.request("POST", path, body, headers)
        time.sleep(random.random() * 0.01)
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()


def row(number):
    # Without a trade id: nothing but the key of its delivery can tell that a row comes again.
    return json.dumps({"symbol": f"V:S{number % 7}", "event_time_ns": 1_700_000_000_000_000_000 + number,
                       "price": 1 + number % 1000 / 8, "size": 2})


class Client(threading.Thread):
    """Sends numbered rows in deliveries with keys, each until it was told that they are safe."""

    def __init__(self, program, place, kind, seed):
        super().__init__(daemon=True)
        self.program, self.place, self.kind = program, place, kind
        self.random = random.Random(seed * 100 + place)
        self.stop = threading.Event()
        self.numbers = []
        self.deliveries = self.asked = 0
        self.strange = []

    def delivery(self):
        first = self.place * 10_000_000 + len(self.numbers)
        key = f"client-{self.place}-{self.deliveries}"
        if self.kind == "pubsub":
            envelope = {"message": {"messageId": key, "data": base64.b64encode(row(first).encode()).decode(),
                                    "orderingKey": "k"}, "subscription": "s"}
            return [first], "/api/v1/ingest/pubsub/messages", json.dumps(envelope), {}
        numbers = list(range(first, first + ROWS))
        lines = [row(number) for number in numbers]
        lines.insert(self.random.randrange(ROWS), '{"symbol":"V:BAD"}')
        headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key}
        if self.kind == "list":
            body = "[" + ",".join(lines) + "]"
        else:
            body = "\n".join(lines)
        if self.kind == "gzip":
            headers["Content-Encoding"] = "gzip"
            return numbers, "/api/v1/ingest/rows", gzip.compress(body.encode()), headers
        return numbers, "/api/v1/ingest/rows", body, headers

    def run(self):
        while not self.stop.is_set():
            numbers, path, body, headers = self.delivery()
            while True:
                self.asked += 1
                if self.random.random() <= 0.1:
                    answer = send_only(self.program, path, body, headers)
                else:
                    answer = self.program.ask(path, body, headers)
                if answer and answer[0] in (202, 204):
                    break
                if answer and answer[0] not in (429, 503):
                    self.strange.append(answer)
                    return
                time.sleep(0.02)
            self.numbers += numbers
            self.deliveries += 1


def pushes(program, data, kills, seed):
    rng = random.Random(seed)
    program.start()
    check("the program takes what is pushed", wait_up(program))
    clients = [Client(program, place, kind, seed) for place, kind in enumerate(["lines", "gzip", "list", "pubsub"])]
    for client in clients:
        client.start()
    for _ in range(kills):
        time.sleep(rng.uniform(0.2, 1.5))
        program.kill()
        program.start()
        wait_up(program)
    time.sleep(0.5)
    for client in clients:
        client.stop.set()
    for client in clients:
        client.join(120)
    check("every client was answered in the end", not any(client.is_alive() for client in clients))
    check("no answer was of another kind", not any(client.strange for client in clients),
          str([client.strange for client in clients])[:300])
    repeats = sum(client.asked - client.deliveries for client in clients)
    check("clients had to send again", repeats > 0, f"{repeats} of {sum(client.asked for client in clients)} requests")
    wanted = {number for client in clients for number in client.numbers}
    bad = sum(client.deliveries for client in clients if client.kind != "pubsub")
    wait_for(lambda: program.query("SELECT count(*) FROM trades")[0][0] >= len(wanted))
    compare(wanted, bad, program.query, "running")
    program.end()
    # What was flushed is all there is now.
    database = open_lake(data)
    compare(wanted, bad, lambda sql: database.execute(sql).fetchall(), "in the lake")


def compare(wanted, bad, query, where):
    rows, distinct, total = query(
        "SELECT count(*), count(DISTINCT event_time_ns), coalesce(sum(event_time_ns - 1700000000000000000), 0)::BIGINT FROM trades")[0]
    check(f"each row is there once, {where}", rows == distinct == len(wanted) and int(total) == sum(wanted),
          f"{rows} rows, {distinct} different, {len(wanted)} sent")
    letters = query("SELECT reason, count(*) FROM dead_letters GROUP BY 1")
    check(f"each bad row is a dead letter once, {where}", [tuple(x) for x in letters] == [("missing_field", bad)],
          f"{letters}, {bad} sent")


def bomb():
    """4 KB of gzip for every 4 MB of zeros, 1 GB in all."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(bytes(1 << 20)) for _ in range(1024)] + [packer.flush()])


def zstd_bomb():
    """A Zstandard frame of 100,000 blocks that each say 128 KiB of zeros (RFC 8878 section 3.1.1)."""
    block = (131072 << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
    return bytes.fromhex("28b52ffd0050") + block * 100_000


def hostile(program):
    program.start()
    wait_up(program)
    before = program.memory("VmHWM")
    authorised = {"Authorization": f"Bearer {TOKEN}"}
    path = "/api/v1/ingest/rows"
    for name, body, headers, status in [
        ("no token", row(1), {}, 401), ("a wrong token", row(1), {"Authorization": "Bearer x"}, 401),
        ("a gzip bomb", bomb(), {**authorised, "Content-Encoding": "gzip"}, 413),
        ("a zstd bomb", zstd_bomb(), {**authorised, "Content-Encoding": "zstd"}, 413),
        ("damaged gzip", b"\x1f\x8b\x08nonsense", {**authorised, "Content-Encoding": "gzip"}, 400),
        ("another coding", row(1), {**authorised, "Content-Encoding": "br"}, 415),
        ("a large body", b" " * (5 << 20), authorised, 413), ("no JSON", "nonsense", authorised, 400),
        ("brackets without end", "[" * 1_000_000, authorised, 400),
        ("no good row", '{"symbol":5}\n{}', authorised, 400),
        ("a key that is too long", row(1), {**authorised, "Idempotency-Key": "k" * 256}, 400),
    ]:
        answer = program.ask(path, body, headers)
        check(f"{name} is answered with {status}", answer and answer[0] == status, str(answer)[:200])
        check(f"the answer to {name} holds no token", answer and TOKEN.encode() not in answer[1])
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    check("a body that says it is huge is refused before it is sent", b" 413 " in raw(program, head + f"Content-Length: {1 << 30}\r\n\r\n"))
    check("a chunked body is refused", b" 411 " in raw(program, head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
    check("a body that trickles in is cut off", b" 408 " in raw(program, head + "Content-Length: 100000\r\n\r\n", trickle=15))
    crowd = [raw_open(program, head + f"Content-Length: {20 << 20}\r\n\r\n" + "x") for _ in range(12)]
    answers = [b" 429 " in read_some(peer) for peer in crowd[8:]]
    check("more bodies than there is room for are turned away", any(answers), str(answers))
    for peer in crowd:
        peer.close()
    grown = program.memory("VmHWM") - before
    check("memory stays bounded", grown < 300 << 20, f"{grown >> 20} MiB more at the most")
    answer = program.ask(path, row(1), authorised)
    check("the program takes rows as before", answer and answer[0] == 202, str(answer))
    program.end()
    check("the log holds no token", TOKEN.encode() not in program.log.read_bytes())


def raw_open(program, text):
    peer = socket.create_connection(("127.0.0.1", program.port), timeout=20)
    peer.sendall(text.encode())
    return peer


def read_some(peer):
    peer.settimeout(2)
    try:
        return peer.recv(65536)
    except OSError:
        return b""


def raw(program, text, trickle=0):
    """Sends a text, then a byte every half second for a time; returns what comes."""
    peer = raw_open(program, text)
    end = time.monotonic() + trickle
    try:
        while time.monotonic() < end:
            peer.sendall(b" ")
            peer.settimeout(0.5)
            try:
                return peer.recv(65536)
            except TimeoutError:
                continue
        return read_some(peer)
    except OSError:
        return b""
    finally:
        peer.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tapedeck-ingest-") as work:
        folder = pathlib.Path(work)
        with program_in(folder) as program:
            pushes(program, folder / "data", options.kills, options.seed)
            hostile(program)
    finish()


if __name__ == "__main__":
    main()
