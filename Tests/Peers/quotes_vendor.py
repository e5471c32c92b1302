"""A vendor of quotes on loopback."""

import http.server
import itertools
import json
import threading
import urllib.parse


class Quotes(http.server.BaseHTTPRequestHandler):
    """Answers as Finnhub's `/quote` does: with a new quote each time, of `STILL` always with the same, of `NONE` with what nobody knows."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        symbol = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["symbol"][0]
        number = 0 if symbol == "STILL" else next(self.server.numbers)
        price = 0 if symbol == "NONE" else 100 + number / 8
        body = json.dumps({"c": price, "d": price and 1.5, "dp": price and 0.5, "h": price, "l": price, "o": price, "pc": price,
                           "t": 1_700_000_000 + number if price else 0}, indent=number % 2 or None).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Vendor(http.server.ThreadingHTTPServer):
    """Answers until it is shut down; no two answers are the same, but of `STILL`."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Quotes)
        self.numbers = itertools.count()
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()
