"""A small Pub/Sub on loopback: topics, subscriptions, publish, pull, acknowledge, modifyAckDeadline over REST.

Written from Google's documentation ("Pull subscriptions", "Ordering messages", REST reference v1); it is no Google software.
What it does beside: it loses acknowledgements and answers to publishers, answers with errors and delivers twice, as often as
it is told to.

  pubsub_service.py prints {"port": N} and serves until standard input ends.
"""

import base64
import collections
import http.server
import json
import random
import re
import sys
import threading
import time
import urllib.parse


class Message:
    def __init__(self, number, fields):
        self.fields = {**fields, "messageId": str(number), "publishTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        self.key = fields.get("orderingKey", "")


class Subscription:
    """What is to be delivered, and what was and waits for its acknowledgement."""

    def __init__(self, topic, deadline, is_ordered):
        self.topic, self.deadline, self.is_ordered = topic, deadline or 10, is_ordered
        self.waiting = collections.deque()
        self.out = {}  # ack id: (message, when it comes again)
        self.deliveries = 0
        self.delivered_again = 0
        self.seen = set()

    def expire(self, now):
        over = [ack for ack, (_, end) in self.out.items() if end <= now]
        if not over:
            return
        back = [self.out.pop(ack)[0] for ack in over]
        if self.is_ordered:
            # All that follows under the key comes again too, also what is outstanding.
            keys = {message.key for message in back if message.key}
            for ack in [ack for ack, (message, _) in self.out.items() if message.key in keys]:
                back.append(self.out.pop(ack)[0])
        back.sort(key=lambda message: int(message.fields["messageId"]))
        self.waiting.extendleft(reversed(back))

    def take(self, most, now):
        """Up to `most` messages; of a key none while an earlier batch of it is outstanding."""
        busy = {message.key for message, _ in self.out.values() if message.key} if self.is_ordered else set()
        taken, passed = [], []
        while self.waiting and len(taken) < most:
            message = self.waiting.popleft()
            if self.is_ordered and message.key and message.key in busy:
                passed.append(message)
            else:
                taken.append(message)
        self.waiting.extendleft(reversed(passed))
        answer = []
        for message in taken:
            self.deliveries += 1
            identifier = message.fields["messageId"]
            self.delivered_again += identifier in self.seen
            self.seen.add(identifier)
            ack = f"ack-{identifier}-{self.deliveries}"
            self.out[ack] = (message, now + self.deadline)
            answer.append({"ackId": ack, "message": message.fields})
        return answer


class Service:
    """All topics and subscriptions. Faults are shares of requests, 0 to 1."""

    def __init__(self, seed=1, lost_acks=0.0, errors=0.0, twice=0.0, poll=2.0, port=0):
        self.lost_acks, self.errors, self.twice, self.poll = lost_acks, errors, twice, poll
        # Publishers that are refused, and those whose messages are taken and who are told otherwise.
        self.refused_publishes = self.lost_publishes = 0.0
        # Seconds that an answer takes.
        self.pause = 0.0
        # Whoever sends another token than this one is not let in; None lets everybody in. `/token` gives everybody the same.
        self.token, self.given_token = None, "given"
        self.random = random.Random(seed)
        self.changed = threading.Condition()
        self.topics = {}
        self.published = collections.defaultdict(list)
        self.subscriptions = {}
        self.number = 0
        self.requests = collections.Counter()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                if self.path == "/token":
                    status, fields = 200, {"access_token": service.given_token, "expires_in": 3600}
                elif service.token is not None and self.headers.get("Authorization") != f"Bearer {service.token}":
                    status, fields = fault(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
                else:
                    status, fields = service.handle(self.command, urllib.parse.urlsplit(self.path).path, body)
                time.sleep(service.pause)
                text = json.dumps(fields).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:
                    self.close_connection = True

            do_GET = do_PUT = do_POST = answer

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # whoever asked has been killed

        self.make_server = lambda port: Server(("127.0.0.1", port), Handler)
        self.port = port
        self.listen()

    def listen(self):
        self.server = self.make_server(self.port)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()

    def stop(self):
        """Takes no more connections; `listen` goes on with what there is."""
        self.server.shutdown()
        self.server.server_close()

    def handle(self, method, path, body):
        match = re.fullmatch(r"/v1/(projects/[^/]+/(topics|subscriptions)/[^/:]+)(?::(\w+))?", urllib.parse.unquote(path))
        if not match:
            return fault(404, "NOT_FOUND", f"nothing at {path}")
        name, kind, action = match.groups()
        try:
            fields = json.loads(body or b"{}")
        except ValueError:
            return fault(400, "INVALID_ARGUMENT", "the body is not JSON")
        with self.changed:
            self.requests[action or method] += 1
            if action in ("pull", "acknowledge", "modifyAckDeadline") and self.random.random() < self.errors:
                status, text = self.random.choice([(503, "UNAVAILABLE"), (429, "RESOURCE_EXHAUSTED"), (500, "INTERNAL")])
                return fault(status, text, "try again later")
            if method == "PUT" and kind == "topics":
                if name in self.topics:
                    return fault(409, "ALREADY_EXISTS", f"Resource already exists in the project (resource={name}).")
                self.topics[name] = []
                return 200, {"name": name}
            if method == "PUT":
                return self.subscribe(name, fields)
            if kind == "topics" and action == "publish":
                return self.publish(name, fields)
            subscription = self.subscriptions.get(name)
            if not subscription:
                return fault(404, "NOT_FOUND", f"Resource not found (resource={name}).")
            if action == "pull":
                return self.pull(subscription, fields)
            ids = fields.get("ackIds") or []
            if any(not re.fullmatch(r"ack-\d+-\d+", str(ack)) for ack in ids) or not ids:
                return fault(400, "INVALID_ARGUMENT", "You have passed an invalid ack ID to the service.")
            if action == "acknowledge":
                lost = self.random.random() < self.lost_acks
                for ack in ids:
                    if not lost:
                        subscription.out.pop(ack, None)
                self.changed.notify_all()
                return 200, {}
            if action == "modifyAckDeadline":
                seconds = fields.get("ackDeadlineSeconds", 0)
                for ack in ids:
                    if ack in subscription.out:
                        subscription.out[ack] = (subscription.out[ack][0], time.monotonic() + seconds)
                self.changed.notify_all()
                return 200, {}
            return fault(404, "NOT_FOUND", f"no method {action}")

    def subscribe(self, name, fields):
        if fields.get("topic") not in self.topics:
            return fault(404, "NOT_FOUND", "no such topic")
        subscription = Subscription(
            fields["topic"], fields.get("ackDeadlineSeconds"), bool(fields.get("enableMessageOrdering")))
        self.subscriptions[name] = subscription
        self.topics[fields["topic"]].append(subscription)
        return 200, {"name": name, **fields}

    def publish(self, name, fields):
        messages = fields.get("messages") or []
        if name not in self.topics:
            return fault(404, "NOT_FOUND", "no such topic")
        if not messages or any(not message.get("data") and not message.get("attributes") for message in messages):
            return fault(400, "INVALID_ARGUMENT", "The value for message_count is too small.")
        bytes_sent = sum(len(message.get("data", "")) * 3 // 4 for message in messages)
        if len(messages) > 1000 or bytes_sent > 10_000_000 or len({message.get("orderingKey", "") for message in messages}) > 1:
            return fault(400, "INVALID_ARGUMENT", f"{len(messages)} messages, {bytes_sent} bytes, or more than one ordering key")
        if self.random.random() < self.refused_publishes:
            return fault(*self.random.choice([(503, "UNAVAILABLE"), (429, "RESOURCE_EXHAUSTED")]), "try again later")
        ids = []
        for entry in messages:
            base64.b64decode(entry.get("data", ""), validate=True)
            self.number += 1
            message = Message(self.number, entry)
            ids.append(message.fields["messageId"])
            self.published[name].append(message.fields)
            for subscription in self.topics[name]:
                subscription.waiting.append(message)
                if self.random.random() < self.twice and not message.key:
                    subscription.waiting.append(message)
        self.changed.notify_all()
        if self.random.random() < self.lost_publishes:
            return fault(504, "DEADLINE_EXCEEDED", "The service was unable to fulfill your request.")
        return 200, {"messageIds": ids}

    def pull(self, subscription, fields):
        most = fields.get("maxMessages", 0)
        if not 1 <= most <= 1000:
            return fault(400, "INVALID_ARGUMENT", "maxMessages must be between 1 and 1000")
        end = time.monotonic() + self.poll
        while True:
            now = time.monotonic()
            subscription.expire(now)
            taken = subscription.take(most, now)
            if taken or now >= end or fields.get("returnImmediately"):
                return 200, {"receivedMessages": taken} if taken else {}
            self.changed.wait(min(0.05, end - now))

    def left(self, name):
        """Messages of a subscription that were not acknowledged."""
        with self.changed:
            subscription = self.subscriptions[name]
            return len(subscription.waiting) + len(subscription.out)


def fault(status, name, message):
    return status, {"error": {"code": status, "status": name, "message": message}}


def main():
    service = Service()
    print(json.dumps({"port": service.port}), flush=True)
    sys.stdin.read()
    service.stop()


if __name__ == "__main__":
    main()
