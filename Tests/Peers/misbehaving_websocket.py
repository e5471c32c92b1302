#!/usr/bin/env python3
"""A WebSocket server on loopback that misbehaves on request; standard library only.

Prints {"port": N} and then one JSON line for each thing that happens. What a connection gets is chosen by its path:

/echo                       every message back
/status?code=429            a plain HTTP answer instead of the upgrade
/mute                       the upgrade request is never answered
/badaccept                  an upgrade with a wrong acceptance key
/silent                     an upgrade, then nothing, not even pongs (half-open)
/drop?after=3               three messages, then a reset
/cut                        half a frame, then a reset
/trickle                    one message, a byte at a time
/malformed                  text that is not JSON, bytes that are not UTF-8, then good text
/huge?bytes=N               one frame of N bytes
/fragments                  one message in fragments with a ping between them
/ping                       a ping; "pong <payload>" once it is answered
/close?code=1001&reason=x   a close frame
/burst?count=N              N numbered messages in one write
/finnhub?token=T&after=N    subscriptions are answered with trades; reset after N of them on a connection (0: never);
                            a wrong token (not "secret") is refused with 401
"""
import base64
import hashlib
import json
import socket
import ssl
import struct
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
print_lock = threading.Lock()


def report(**event):
    with print_lock:
        print(json.dumps(event), flush=True)


def frame(payload, opcode=1, final=True):
    if isinstance(payload, str):
        payload = payload.encode()
    head = bytes([(0x80 if final else 0) | opcode])
    if len(payload) < 126:
        head += bytes([len(payload)])
    elif len(payload) < 65536:
        head += struct.pack(">BH", 126, len(payload))
    else:
        head += struct.pack(">BQ", 127, len(payload))
    return head + payload


class Gone(Exception):
    pass


class Connection:
    def __init__(self, stream):
        self.stream = stream
        self.buffer = b""

    def exactly(self, count):
        while len(self.buffer) < count:
            piece = self.stream.recv(65536)
            if not piece:
                raise Gone
            self.buffer += piece
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def head(self):
        while b"\r\n\r\n" not in self.buffer:
            piece = self.stream.recv(65536)
            if not piece:
                raise Gone
            self.buffer += piece
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:])
        return lines[0].split(" ")[1], {name.lower(): value for name, value in fields.items()}

    def message(self):
        first, second = self.exactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", self.exactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self.exactly(8))
        if not second & 0x80:
            report(problem="unmasked client frame")
        mask = self.exactly(4)
        payload = bytes(byte ^ mask[index & 3] for index, byte in enumerate(self.exactly(length)))
        return first & 0x0F, payload

    def text(self):
        """The next text; pings are answered, a close frame ends it."""
        while True:
            opcode, payload = self.message()
            if opcode in (1, 2):
                return payload
            if opcode == 9:
                self.send(frame(payload, 10))
            if opcode == 8:
                report(closed=struct.unpack(">H", payload[:2])[0] if payload else 1005)
                self.send(frame(payload, 8))
                raise Gone

    def send(self, data):
        self.stream.sendall(data)

    def reset(self):
        """A lost connection: no close frame, no orderly end."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone

    def wait(self):
        while True:
            self.text()


def finnhub(connection, query):
    left = int(query.get("after", ["0"])[0])
    stamp = 1700000000000
    while True:
        order = json.loads(connection.text())
        report(order=order)
        if order["type"] != "subscribe":
            continue
        for _ in range(2):
            stamp += 1
            trade = {"s": order["symbol"], "p": 100.25, "t": stamp, "v": 1, "c": None}
            connection.send(frame(json.dumps({"data": [trade], "type": "trade"}, separators=(",", ":"))))
            left -= 1
            if left == 0:
                time.sleep(0.02)  # so that the client has read them: a reset discards what it has not
                connection.reset()


def behave(connection, path, query):
    def option(name, fallback):
        return query.get(name, [fallback])[0]

    if path == "/echo":
        while True:
            connection.send(frame(connection.text()))
    elif path == "/silent":
        while True:
            connection.exactly(1)
    elif path == "/drop":
        for number in range(int(option("after", "3"))):
            connection.send(frame(f"message {number}"))
        time.sleep(0.02)
        connection.reset()
    elif path == "/cut":
        connection.send(frame("whole") + frame("x" * 1000)[:500])
        time.sleep(0.02)
        connection.reset()
    elif path == "/trickle":
        for byte in frame("drop by drop"):
            connection.send(bytes([byte]))
            time.sleep(0.001)
        connection.wait()
    elif path == "/malformed":
        connection.send(frame("{not json") + frame(b"\xff\xfe\x00") + frame('{"type":"ping"}'))
        connection.wait()
    elif path == "/huge":
        connection.send(frame(b"h" * int(option("bytes", "1000000"))))
        connection.wait()
    elif path == "/fragments":
        connection.send(frame("one ", 1, False) + frame("are you there", 9) + frame("", 0, False))
        connection.send(frame("two ", 0, False) + frame("three", 0))
        connection.wait()
    elif path == "/ping":
        connection.send(frame("marco", 9))
        opcode, payload = connection.message()
        connection.send(frame(f"pong {payload.decode()}" if opcode == 10 else f"opcode {opcode}"))
        connection.wait()
    elif path == "/close":
        code = struct.pack(">H", int(option("code", "1001")))
        connection.send(frame(code + option("reason", "").encode(), 8))
        connection.wait()
    elif path == "/burst":
        count = int(option("count", "1000"))
        connection.send(b"".join(frame(f"burst {number}") for number in range(count)))
        connection.wait()
    elif path == "/finnhub":
        finnhub(connection, query)


def refusal(path, query):
    if path == "/status":
        return int(query["code"][0])
    if path == "/finnhub" and query.get("token") != ["secret"]:
        return 401
    return None


def serve(stream, context):
    try:
        if context:
            stream = context.wrap_socket(stream, server_side=True)
        connection = Connection(stream)
        target, fields = connection.head()
        parts = urlsplit(target)
        path, query = parts.path, parse_qs(parts.query)
        report(connected=path, host=fields.get("host"), fields=fields)
        if path == "/mute":
            connection.wait()
        status = refusal(path, query)
        if status:
            connection.send(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
            raise Gone
        key = fields["sec-websocket-key"] + ("x" if path == "/badaccept" else "")
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        connection.send(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        behave(connection, path, query)
    except (Gone, OSError):
        pass
    finally:
        report(disconnected=True)
        stream.close()


def main():
    context = None
    if len(sys.argv) == 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0))
    report(port=listener.getsockname()[1])
    threading.Thread(target=accept_all, args=(listener, context), daemon=True).start()
    sys.stdin.buffer.read()  # ends with the parent, however that ends: no peer is left behind


def accept_all(listener, context):
    while True:
        stream, _ = listener.accept()
        threading.Thread(target=serve, args=(stream, context), daemon=True).start()


main()
