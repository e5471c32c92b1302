"""moto's S3 behind a door that checks every request's signature with botocore, and loses what is said when it is told to."""

import collections
import hashlib
import http.client
import http.server
import itertools
import logging
import os
import random
import socket
import threading
import time
import urllib.parse

for name, text in {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "a-secret-that-nobody-may-see"}.items():
    os.environ.setdefault(name, text)

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import werkzeug.serving
from moto.server import DomainDispatcherApplication, create_backend_app

from peer import free_port

REGION = "eu-central-1"
KEY, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
# What becomes of a write: it never arrives; it arrives and its answer gets lost; it arrives long after the client was cut off, when
# the client has given up, and has begun anew with more rows; it is answered with a wish for peace; it is done, and answered with an error.
FATES = ["lost", "unanswered", "late", "busy", "failed"]
# After a late write nothing arrives for so long, in seconds: longer than all of the client's attempts take. And then it arrives.
DEAF, LATE = 1.7, 4
logging.getLogger("werkzeug").setLevel(logging.ERROR)


class Service:
    """S3 on a port of loopback. Requests of the program go through the door; boto3's of the test (`client`) do not."""

    def __init__(self, seed=1):
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        # moto keeps its state in plain dictionaries: one request at a time, as one step.
        self.moto = werkzeug.serving.make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
        threading.Thread(target=self.moto.serve_forever, daemon=True).start()
        config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})
        self.client = boto3.client("s3", region_name=REGION, endpoint_url=f"http://127.0.0.1:{self.moto.server_port}", config=config)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.door, self.delay, self.is_frozen = None, 0, threading.Event()
        self.requests, self.unsigned = 0, []
        self.met = dict.fromkeys(FATES, 0)
        self.fates = itertools.repeat(None)
        self.deaf_until, self.under_way = 0, 0
        # Methods and paths of requests, the newest ten thousand.
        self.asked = collections.deque(maxlen=10_000)
        self.held, self.is_holding, self.released = None, False, threading.Event()
        # For clients of other makers, which keep connections that moto would wait for: no checks, no losses.
        self.back_door = Door(("127.0.0.1", 0), self, is_plain=True)
        self.back_door.begin()
        self.start()

    def start(self):
        self.door = Door(("127.0.0.1", self.port), self)
        self.door.begin()

    def stop(self):
        """Nobody listens, and connections are cut, as after a kill; what was stored stays."""
        door, self.door = self.door, None
        door.shutdown()
        door.server_close()
        door.cut()

    def close(self):
        self.stop()
        self.back_door.shutdown()
        self.moto.shutdown()

    def freeze(self):
        self.is_frozen.set()

    def thaw(self):
        self.is_frozen.clear()

    def begin_losing(self):
        """From here on, of three writes two pass untouched, so that a client gets on; the others meet each fate in turn."""
        order = self.random.sample(FATES, len(FATES))
        with self.lock:
            self.fates = itertools.chain.from_iterable((None, None, fate) for fate in itertools.cycle(order))

    def end_losing(self):
        with self.lock:
            self.fates = itertools.repeat(None)

    def hold(self, part):
        """From here on writes whose path has this part get lost; the first of them arrives once `release` is called."""
        with self.lock:
            self.held, self.is_holding = part, False
            self.released.clear()

    def lets_others_pass(self):
        """No further writes get lost; what is held stays so."""
        with self.lock:
            self.held = None

    def release(self):
        self.released.set()

    def copy(self, bucket, prefix, folder):
        """The objects below a prefix, as files of a folder."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                file = folder / found["Key"].removeprefix(prefix)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(self.client.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
        return folder

    def count(self):
        """How many requests there were of each method."""
        return dict(collections.Counter(method for method, _ in list(self.asked)))

    def fate(self, handler):
        with self.lock:
            self.requests += 1
            self.asked.append((handler.command, handler.path))
            if handler.command != "PUT":
                return None
            if self.held and self.held in handler.path:
                if self.is_holding:
                    return "lost"
                self.is_holding = True
                self.under_way += 1
                return "held"
            if time.monotonic() < self.deaf_until:
                return "lost"
            fate = next(self.fates)
            if fate:
                self.met[fate] += 1
            if fate == "late":
                self.deaf_until = time.monotonic() + DEAF
                self.under_way += 1
            return fate

    def pass_on(self, handler, body):
        """moto's answer: status, header fields and content."""
        connection = http.client.HTTPConnection("127.0.0.1", self.moto.server_port, timeout=60)
        try:
            connection.request(handler.command, handler.path, body, dict(handler.headers))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def objection(self, handler, body):
        """botocore signs the same request; the signatures must be the same."""
        sent = handler.headers.get("Authorization", "")
        fields = dict(part.strip().split("=", 1) for part in sent.removeprefix("AWS4-HMAC-SHA256 ").split(",") if "=" in part)
        names = fields.get("SignedHeaders", "").split(";")
        request = botocore.awsrequest.AWSRequest(
            method=handler.command, url=f"http://{handler.headers['Host']}{handler.path}", data=body,
            headers={name: handler.headers.get(name, "") for name in names})
        request.context["timestamp"] = handler.headers.get("x-amz-date", "")
        signer = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(KEY, SECRET), "s3", REGION)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        # S3 wants the host and all of its own fields signed; DuckDB signs no more than that.
        unsigned = {name.lower() for name in handler.headers} - set(names) - {"user-agent", "accept", "content-length", "expect",
                                                                             "authorization", "accept-encoding", "range", "connection"}
        if not fields.get("Credential", "").startswith(KEY + "/"):
            return "InvalidAccessKeyId"
        if handler.headers.get("x-amz-content-sha256") != hashlib.sha256(body).hexdigest():
            return "XAmzContentSHA256Mismatch"
        if unsigned or not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names):
            return "AccessDenied"
        return None if signer.signature(text, request) == fields.get("Signature") else "SignatureDoesNotMatch"


class Door(http.server.ThreadingHTTPServer):
    """Listens in place of the service."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, service, is_plain=False):
        self.service, self.open, self.is_plain = service, set(), is_plain
        super().__init__(address, Handler)

    def begin(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def cut(self):
        for connection in list(self.open):
            close(connection)

    def handle_error(self, *_):
        pass


def close(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.open.add(self.connection)

    def finish(self):
        self.server.open.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def answer(self):
        service = self.server.service
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.is_plain:
            return self.say(*service.pass_on(self, body))
        while service.is_frozen.is_set():
            time.sleep(0.05)
        time.sleep(service.delay)
        if objection := service.objection(self, body):
            service.unsigned.append((objection, self.command, self.path))
            return self.say(403, [], f"<Error><Code>{objection}</Code><Message>No entry.</Message></Error>".encode())
        fate = service.fate(self)
        if fate == "busy":
            return self.say(503, [("Retry-After", "0")], b"<Error><Code>SlowDown</Code></Error>")
        if fate in ("lost", "unanswered", "late", "held"):
            self.close_connection = True
            close(self.connection)
            if fate == "lost":
                return None
            time.sleep(LATE if fate == "late" else 0)
            if fate == "held":
                service.released.wait(120)
        status, fields, content = service.pass_on(self, body)
        if fate in ("late", "held"):
            with service.lock:
                service.under_way -= 1
        if fate == "failed":
            return self.say(500, [], b"<Error><Code>InternalError</Code></Error>")
        return None if fate else self.say(status, fields, content)

    def say(self, status, fields, content):
        self.send_response(status)
        for name, text in fields:
            if name.lower() in ("etag", "content-type", "last-modified", "content-range"):
                self.send_header(name, text)
        length = next((text for name, text in fields if name.lower() == "content-length"), len(content))
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass
