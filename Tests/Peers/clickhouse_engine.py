#!/usr/bin/env python3
"""Today's ClickHouse engine (chdb) behind as much of its HTTP interface as a sink uses.

  clickhouse_engine.py FOLDER

FOLDER/settings.json has port, user and password; what the engine keeps goes to FOLDER/data. One query runs at a time.
"""

import http.server
import json
import pathlib
import re
import struct
import sys
import threading
import urllib.parse

import pyarrow
from chdb import session

FOLDER = pathlib.Path(sys.argv[1])
SETTINGS = json.loads((FOLDER / "settings.json").read_text())
CODECS = {0x82: "lz4_raw", 0x90: "zstd"}
# Parameters of the interface that are no settings of the engine.
INTERFACE = {"query", "decompress", "http_native_compression_disable_checksumming_on_decompress", "wait_end_of_query"}


def unpacked(body):
    """The content of ClickHouse's own compression frames: 16 bytes of checksum, method, two lengths, content."""
    content, place = b"", 0
    while place < len(body):
        method, compressed, size = struct.unpack_from("<BII", body, place + 16)
        piece = body[place + 25:place + 16 + compressed]
        content += pyarrow.Codec(CODECS[method]).decompress(piece, size).to_pybytes()
        place += 16 + compressed
    return content


class Door(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine = session.Session(str(FOLDER / "data"))
    lock = threading.Lock()

    def do_POST(self):
        parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if (self.headers.get("X-ClickHouse-User"), self.headers.get("X-ClickHouse-Key", "")) != (SETTINGS["user"], SETTINGS["password"]):
            user = self.headers.get("X-ClickHouse-User")
            return self.fail(f"Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, or there is no user "
                             "with such name. (AUTHENTICATION_FAILED)", 403)
        try:
            with self.lock:
                self.answer(200, self.run(parameters, body))
        except RuntimeError as error:
            self.fail(str(error))

    def run(self, parameters, body):
        if "query" not in parameters:
            # The session has no parameter for it.
            self.engine.query(f"USE `{parameters.get('database', 'default')}`")
            result = self.engine.query(body.decode(), parameters.get("default_format", "TabSeparated"))
            return result.bytes() if result is not None else b""
        # The engine has no body: what would be one is a file.
        file = FOLDER / "body.native"
        file.write_bytes(unpacked(body) if parameters.get("decompress") == "1" else body)
        settings = ", ".join(f"{name} = '{value}'" for name, value in parameters.items() if name not in INTERFACE)
        insert = re.fullmatch(r"(INSERT INTO .*) FORMAT Native", parameters["query"])
        self.engine.query(f"{insert[1]} SELECT * FROM file('{file}', 'Native')" + (f" SETTINGS {settings}" if settings else ""))
        return b""

    def fail(self, message, status=500):
        code = re.search(r"Code: (\d+)", message)
        self.answer(status, f"{message} (version {VERSION})".encode(), {"X-ClickHouse-Exception-Code": code[1] if code else "0"})

    def answer(self, status, content, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


VERSION = Door.engine.query("SELECT version()", "TabSeparated").bytes().decode().strip()
http.server.ThreadingHTTPServer(("127.0.0.1", SETTINGS["port"]), Door).serve_forever()
