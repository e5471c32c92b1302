"""A door in front of a ClickHouse server that loses what is said around an insertion, so that nobody knows what became of it."""

import http.client
import http.server
import itertools
import random
import socket
import threading
import time

from peer import free_port

# What becomes of an insertion: it never arrives; it arrives and its answer gets lost; it arrives long after the client was cut
# off, when the client has already begun anew.
FATES = ["lost", "unanswered", "late"]


class Door:
    """Forwards requests. Of three insertions two pass untouched, so that a client gets on; the others meet each fate in turn,
    in an order drawn from the seed. `met` counts them: of rows, and of what is noted about units."""

    def __init__(self, target, seed):
        self.target, self.port = target, free_port()
        order = random.Random(seed).sample(FATES, len(FATES))
        self.fates = {kind: itertools.chain.from_iterable((None, None, fate) for fate in itertools.cycle(order))
                      for kind in ["rows", "notes"]}
        self.met = {(fate, kind): 0 for fate in FATES for kind in self.fates}
        self.lock = threading.Lock()
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                door.pass_on(self)

            do_GET = do_POST = do_PATCH = answer

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def open(self):
        """From here on the way is free."""
        with self.lock:
            self.fates = {kind: itertools.repeat(None) for kind in self.fates}

    def kind(self, handler, body):
        """What a request brings: rows, notes about units, or nothing."""
        return "rows" if "INSERT" in handler.path else "notes" if body.startswith(b"INSERT") else None

    def pass_on(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        kind = self.kind(handler, body)
        with self.lock:
            fate = next(self.fates[kind]) if kind else None
            if fate:
                self.met[fate, kind] += 1
        if fate:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
        if fate == "lost":
            return
        if fate == "late":
            time.sleep(1.5)
        connection = http.client.HTTPConnection("127.0.0.1", self.target, timeout=120)
        try:
            connection.request(handler.command, handler.path, body, dict(handler.headers))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            handler.close_connection = True
            return
        finally:
            connection.close()
        if fate:
            return
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower().startswith(("x-clickhouse", "content-type")):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
