#!/usr/bin/env python3
"""Pulls from Pub/Sub while the program is killed and the service misbehaves: each message counts once, and after an orderly
end nothing that is durable is left unacknowledged.

Arguments: --count N kills (default 6), --seed N.
"""

import argparse
import base64
import http.client
import json
import os
import pathlib
import random
import tempfile
import threading
import time

import pubsub_service
from peer import Program, check, finish, free_port, open_lake, wait_for

TOPICS = ["projects/p/topics/plain", "projects/p/topics/ordered"]
SUBSCRIPTIONS = ["projects/p/subscriptions/plain", "projects/p/subscriptions/ordered"]
BASE = 1_700_000_000_000_000_000


def program_in(folder, service):
    """The program on one data folder."""
    port = free_port()
    (folder / "pipeline.yaml").write_text(f"""
pipeline: pubsub
data: {folder}/data
feeds:
  - pubsub: {{ name: plain, subscription: {SUBSCRIPTIONS[0]}, format: trades }}
  - pubsub: {{ name: ordered, subscription: ordered, project: p, format: trades, batch: 100, pulls: 3 }}
bars: [1s]
indicators: []
sinks: [lake: {{ flush: 1s }}]
serve: {{ listen: "127.0.0.1:{port}" }}
""")
    environment = {**os.environ, "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{service.port}"}
    return Program(folder / "program.log", "run", folder / "pipeline.yaml", port=port, environment=environment)


class Publisher(threading.Thread):
    """Publishes numbered rows by REST calls, with attributes, on one topic with ordering keys."""

    def __init__(self, service, seed):
        super().__init__(daemon=True)
        self.service, self.random = service, random.Random(seed)
        self.stop = threading.Event()
        self.numbers = {topic: 0 for topic in TOPICS}
        self.bad = 0

    def post(self, path, fields, method="POST"):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=20)
        connection.request(method, f"/v1/{path}", json.dumps(fields), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status == 200, text

    def set_up(self):
        for topic, name in zip(TOPICS, SUBSCRIPTIONS):
            self.post(topic, {}, "PUT")
            self.post(name, {"topic": topic, "ackDeadlineSeconds": 10, "enableMessageOrdering": "ordered" in name}, "PUT")
            self.service.subscriptions[name].deadline = 2  # shorter than the real one takes, so that the test is short

    def message(self, place, topic):
        number = self.numbers[topic]
        self.numbers[topic] += 1
        # Without a trade id: nothing but the message's id can tell that a row comes again.
        row = json.dumps({"symbol": f"T{place}:S{number % 5}", "event_time_ns": BASE + number, "price": 1 + number % 1000 / 8,
                          "size": 2})
        if place == 0 and number % 50 == 7:
            row += '\n{"symbol":"V:BAD"}'
            self.bad += 1
        message = {"data": base64.b64encode(row.encode()).decode(), "attributes": {"number": str(number)}}
        if place == 1:
            message["orderingKey"] = f"S{number % 5}"
        return message

    def run(self):
        while not self.stop.is_set():
            for place, topic in enumerate(TOPICS):
                keys = {}
                for _ in range(self.random.randint(1, 20)):
                    message = self.message(place, topic)
                    keys.setdefault(message.get("orderingKey"), []).append(message)
                for messages in keys.values():  # a request takes one ordering key
                    self.post(f"{topic}:publish", {"messages": messages})
            time.sleep(self.random.uniform(0, 0.02))


def compare(publisher, query, where):
    for place, topic in enumerate(TOPICS):
        wanted = publisher.numbers[topic]
        rows, distinct, total = query(
            "SELECT count(*), count(DISTINCT event_time_ns), coalesce(sum(event_time_ns - 1700000000000000000), 0)::BIGINT "
            f"FROM trades WHERE venue = 'T{place}'")[0]
        check(f"each message of {topic.split('/')[-1]} is there once, {where}",
              rows == distinct == wanted and int(total) == wanted * (wanted - 1) // 2,
              f"{rows} rows, {distinct} different, {wanted} published")
    letters = [tuple(row) for row in query("SELECT reason, count(*) FROM dead_letters GROUP BY 1")]
    check(f"each bad row is a dead letter once, {where}", letters == [("missing_field", publisher.bad)],
          f"{letters}, {publisher.bad} published")


def pulls(program, data, service, count, seed):
    rng = random.Random(seed)
    publisher = Publisher(service, seed)
    publisher.set_up()
    publisher.start()
    program.start()
    for _ in range(count):
        time.sleep(rng.uniform(0.3, 2.2))
        program.kill()
        program.start()
    time.sleep(1)
    publisher.stop.set()
    publisher.join(20)
    service.errors = service.lost_acks = 0
    wait_for(lambda: not any(service.left(name) for name in SUBSCRIPTIONS))
    again = sum(service.subscriptions[name].delivered_again for name in SUBSCRIPTIONS)
    total = sum(publisher.numbers.values())
    check("messages were delivered again", again > 0, f"{again}, of {total} published")
    wait_for(lambda: (program.query("SELECT count(*) FROM trades") or [[0]])[0][0] >= total)
    compare(publisher, program.query, "running")
    # What comes while the program ends is acknowledged, or comes again.
    status = program.end()
    check("the program ends in order", status == 0, str(status))
    check("nothing is left unacknowledged", not any(service.left(name) for name in SUBSCRIPTIONS),
          str([service.left(name) for name in SUBSCRIPTIONS]))
    check("acknowledgements are sent many at a time", service.requests["acknowledge"] < total,
          str(dict(service.requests)))
    database = open_lake(data)
    compare(publisher, lambda sql: database.execute(sql).fetchall(), "in the lake")
    frames(database, publisher)


def frames(database, publisher):
    """Attributes and ordering keys are kept, and within a key the first frames of messages stand in order."""
    lines = database.execute("SELECT payload::BLOB FROM frames ORDER BY journal_offset").fetchall()
    seen, last, disorder, kept = set(), {}, 0, 0
    for (payload,) in lines:
        header = json.loads(bytes(payload).split(b"\n")[0])["consumed"]
        identity = (header["stream"], header["id"])
        if identity in seen:
            continue
        seen.add(identity)
        number = int(header["attributes"]["number"])
        kept += header["stream"] in SUBSCRIPTIONS and "time_ns" in header
        if "key" in header:
            disorder += number <= last.get(header["key"], -1)
            last[header["key"]] = number
    check("attributes and times of messages are kept", kept == len(seen) == sum(publisher.numbers.values()),
          f"{kept} of {len(seen)}")
    check("within an ordering key messages stay in order", disorder == 0 and len(last) == 5, f"{disorder} out of order")


def refusals(program, service):
    """What a person has to put right is said, and nothing else happens."""
    service.subscriptions.pop(SUBSCRIPTIONS[1])
    program.start()
    wait_for(lambda: program.feed("ordered").get("state") == "degraded", 20)
    feed = program.feed("ordered")
    check("a subscription that is gone is said", "404 NOT_FOUND" in (feed.get("detail") or ""), str(feed)[:300])
    check("the program ends in order all the same", program.end() == 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    service = pubsub_service.Service(options.seed, lost_acks=0.05, errors=0.05, twice=0.01)
    with tempfile.TemporaryDirectory(prefix="tapedeck-pubsub-") as work:
        folder = pathlib.Path(work)
        with program_in(folder, service) as program:
            pulls(program, folder / "data", service, options.count, options.seed)
            refusals(program, service)
    service.stop()
    finish()


if __name__ == "__main__":
    main()
