"""Two workers believe to own the same partitions: one is stopped while rows of it are on their way, until the other has its
partitions and delivers; then what was on its way arrives, and the one that was stopped goes on as if nothing had been. Every
target has each row of the lake once; the lake is in a bucket."""

import contextlib
import json
import os
import signal
import threading
import time

import message_formats
from bigquery_server import PROJECT, Emulator
from clickhouse_door import Door
from clickhouse_rows import load as load_clickhouse
from clickhouse_server import USER, Engine, Server, has_engine, program
from kafka_cluster import Cluster
from kafka_topics import PREFIX, Consumer
from message_rows import Kept, differences
from objects_service import KEY, REGION, SECRET, Service
from peer import Program, check, delta_database, free_port, wait_for
from postgresql_rows import load as load_postgresql

BUCKET = "market"
TOPIC, PARTITIONS, SESSION_SECONDS = "fences.journal", 4, 6
PASSWORD = "right-and-never-shown"
TABLES = ["trades", "quotes", "bars"]
# Fewer: every load job of the emulator takes its time.
FEW = ["trades", "bars"]


class Gate(Door):
    """Forwards requests; once closed, it keeps the next one that brings rows until it is opened."""

    def __init__(self, target):
        super().__init__(target, 0)
        self.turn, self.has_one, self.is_free = threading.Lock(), threading.Event(), threading.Event()
        self.is_closed, self.said = False, []

    def close_behind(self):
        self.has_one.clear()
        self.is_free.clear()
        self.is_closed = True

    def let_in(self):
        self.is_closed = False
        self.is_free.set()

    def kind(self, handler, body):
        if "INSERT" not in handler.path and "/upload/" not in handler.path:
            return None
        with self.turn:
            is_kept, self.is_closed = self.is_closed, False
        if is_kept:
            self.has_one.set()
            self.is_free.wait(120)
            answer = handler.send_response
            handler.send_response = lambda status: (self.said.append(status), answer(status))
        return None


class Everybody(Consumer):
    """Keeps apart what the pipelines of the partitions sent. The mock cluster fences nobody, and shows what no transaction
    committed: rows come again here, under the identities that they had."""

    def __init__(self, address, partitions):
        self.kepts = {}
        super().__init__(address, "", partitions)

    def kept_of(self, pipeline):
        return self.kepts.setdefault(pipeline, Kept(pipeline))

    def take(self, message):
        table = message.topic().removeprefix(PREFIX)
        if table == "offsets":
            pipeline, name = message.key().decode().split("/")
            self.kept_of(pipeline).offsets[name] = int(message.value())
        elif table in TABLES:
            for identity, row in message_formats.rows(self.form, message):
                self.kept_of(identity.split("/")[0]).take(table, message.key().decode(), identity, row)


class Targets:
    """What the pipeline delivers to: of those that can be had here."""

    def __init__(self, cluster, postgresql, clickhouse, bigquery):
        self.cluster, self.postgresql, self.clickhouse, self.bigquery = cluster, postgresql, clickhouse, bigquery
        topics = {PREFIX + name: 2 for name in [*TABLES, "rejected"]} | {PREFIX + "offsets": 1}
        for topic, count in topics.items():
            cluster.make(topic, count)
        self.consumer = Everybody(cluster.address, topics)
        self.database = postgresql and postgresql.database("fences")

    def sinks(self):
        brokers = ", ".join(f'"{broker}"' for broker in self.cluster.address.split(","))
        tables = f"tables: [{', '.join(TABLES)}], flush: 200ms"
        lines = [f"kafka: {{ brokers: [{brokers}], {tables} }}",
                 f'bigquery: {{ dataset: {PROJECT}.fences, location: EU, credentials: "{self.bigquery.key}", '
                 f'endpoint: "${{BIGQUERY}}", tables: [{", ".join(FEW)}], flush: 1s }}']
        if self.clickhouse:
            lines.append(f'clickhouse: {{ url: "${{CLICKHOUSE}}", user: {USER}, password: {PASSWORD}, database: fences, {tables} }}')
        if self.postgresql:
            lines.append(f'postgresql: {{ uri: "{self.database}", {tables} }}')
        return "".join(f"  - {line}\n" for line in lines)

    def compare(self, lake):
        """Every target against the shared lake."""
        database = delta_database()
        for table in TABLES:
            database.execute(f"CREATE VIEW {table} AS SELECT * FROM delta_scan('{lake / table}')")

        def differ(table, names):
            columns = ", ".join(f'"{name}"' for name in names if name != "pipeline")
            left, right = f"SELECT {columns} FROM {table}", f"SELECT {columns} FROM delivered"
            missing, extra, count = database.execute(
                f"SELECT (SELECT count(*) FROM ({left} EXCEPT ALL {right})), (SELECT count(*) FROM ({right} EXCEPT ALL {left})), "
                "(SELECT count(*) FROM delivered)").fetchone()
            return [] if count and not missing and not extra else [f"{table}: {missing} missing, {extra} extra of {count}"]

        def of_bigquery(table):
            rows = self.bigquery.client().list_rows(f"fences.{table}", page_size=50_000).to_arrow()
            database.register("delivered", rows)
            try:
                return differ(table, rows.schema.names)
            finally:
                database.unregister("delivered")

        check("fences: BigQuery has each row of the lake once", not (wrong := sum(map(of_bigquery, FEW), [])), "; ".join(wrong))
        if self.clickhouse:
            wrong = sum((differ(table, load_clickhouse(database, self.clickhouse, "fences", table)) for table in TABLES), [])
            check("fences: ClickHouse has each row of the lake once", not wrong, "; ".join(wrong))
        if self.postgresql:
            wrong = sum((differ(table, load_postgresql(database, self.postgresql, "fences", table)) for table in TABLES), [])
            check("fences: PostgreSQL has each row of the lake once", not wrong, "; ".join(wrong))
        check("fences: the consumer reads to the end", self.consumer.read_all())
        kepts = self.consumer.kepts.values()
        wrong = [text for kept in kepts for text in kept.wrong]
        for table in TABLES:
            wrong += differences(database, table, [row for kept in kepts for row in kept.rows.get(table, {}).values()], table)
        check("fences: Kafka has each row of the lake under one identity", not wrong and len(kepts) == PARTITIONS,
              "; ".join(wrong)[:2000] or f"{sum(kept.repeats for kept in kepts)} repeats under their identities")


class Part(Program):
    """One of the processes."""

    def __init__(self, work, name, *arguments, environment=None):
        port = free_port()
        self.name = name
        super().__init__(work / f"{name}.log", "run", work / "fences.yaml", "--data", work / name, "--listen", f"127.0.0.1:{port}", *arguments,
                         port=port, environment=dict(os.environ, **(environment or {"CLICKHOUSE": "http://127.0.0.1:1", "BIGQUERY": "http://127.0.0.1:1"}),
                                                     PGPASSWORD=PASSWORD, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET))

    def status(self):
        return self.get("/api/v1/status") or {}

    def has(self, count, lag=1000, besides=()):
        """Whether it works on so many partitions, and its targets, besides some, have nearly all of them."""
        status = self.status()
        sinks = [sink for sink in status.get("sinks", []) if sink["name"] not in ("lake", *besides)]
        return len(status.get("partitions", [])) == count and bool(sinks) and all(sink["lag_frames"] <= lag for sink in sinks)

    def has_all(self):
        status = self.status()
        return bool(status.get("partitions")) and all(part["lag_messages"] == part["lag_frames"] == 0 for part in status["partitions"])


class Member(Part):
    """A worker with gates of its own in front of targets."""

    def __init__(self, work, name, targets):
        self.gates = {"BIGQUERY": Gate(targets.bigquery.port)}
        if targets.clickhouse:
            self.gates["CLICKHOUSE"] = Gate(targets.clickhouse.port)
        super().__init__(work, name, "--role", "worker",
                         environment={kind: f"http://127.0.0.1:{gate.port}" for kind, gate in self.gates.items()})


def fool(victim, other):
    """Stops a worker while rows are on their way to targets, until the other one has its partitions, and wakes it up."""
    check(f"fences: {victim.name} and {other.name} share the partitions",
          wait_for(lambda: victim.has(PARTITIONS // 2) and other.has(PARTITIONS // 2), 90, 0.3), summary(victim, other))
    for gate in victim.gates.values():
        gate.close_behind()
    held = wait_for(lambda: all(gate.has_one.is_set() for gate in victim.gates.values()), 30)
    check(f"fences: rows of {victim.name} are on their way", held, str({kind: gate.has_one.is_set() for kind, gate in victim.gates.items()}))
    victim.process.send_signal(signal.SIGSTOP)
    try:
        # PostgreSQL waits where the other one was stopped inside a transaction, which holds the lock of its table's offset.
        took = wait_for(lambda: other.has(PARTITIONS, besides=["postgresql"]), 60, 0.3)
        check(f"fences: {other.name} has all partitions, and delivers them", took, summary(other))
        for gate in victim.gates.values():
            gate.let_in()
        refused = wait_for(lambda: all(gate.said for gate in victim.gates.values()), 20)
        said = {kind: gate.said[-1:] for kind, gate in victim.gates.items()}
        check("fences: what arrives late is refused", refused and all(status[0] >= 400 for status in said.values()), str(said))
        for gate in victim.gates.values():
            gate.said.clear()
    finally:
        victim.process.send_signal(signal.SIGCONT)


def summary(*parts):
    return json.dumps([{"partitions": len(status.get("partitions", [])), "sinks": [
        {name: sink[name] for name in ("name", "state", "detail", "lag_frames")} for sink in status.get("sinks", [])]}
        for status in [part.status() for part in parts]])[:2000]


def configure(work, targets, options, topic, folder, lake):
    targets.cluster.make(topic, PARTITIONS)
    brokers = ", ".join(f'"{broker}"' for broker in targets.cluster.address.split(","))
    (work / "fences.yaml").write_text(f"""pipeline: fences
feeds:
  - simulator: {{ name: market, rate: 200, history: 5s, seed: {options.seed} }}
bars: [1s]
journal:
  kafka: {{ brokers: [{brokers}], topic: {topic}, partitions: {PARTITIONS}, linger: 100ms, settings: [session.timeout.ms={SESSION_SECONDS}000, heartbeat.interval.ms=500] }}
state: {folder}/state
sinks:
  - lake: {{ {lake}, flush: 1s }}
{targets.sinks()}""")


def begin_anew(work, targets, options):
    """A topic that begins anew, with a state and a lake of its own, does not go on where targets are: they have more than it holds."""
    configure(work, targets, options, TOPIC + ".anew", work / "anew", f"path: {work}/anew/lake")
    with Part(work, "feeds-anew", "--role", "feeds") as feed, Member(work, "worker-anew", targets) as worker:
        worker.start()
        feed.start()

        def are_refused():
            sinks = [sink for sink in worker.status().get("sinks", []) if sink["name"] != "lake"]
            return sinks and all(sink["state"] == "failed" and "another journal filled it" in sink["detail"] for sink in sinks)

        check("fences: targets that are ahead of a topic are refused", wait_for(are_refused, 60, 0.3), summary(worker))
        check("fences: partitions and lake get on without them", wait_for(
            lambda: any(sink["name"] == "lake" and sink["rows"] > 0 and sink["state"] == "live" for sink in worker.status().get("sinks", [])), 30),
            summary(worker))


def play(work, targets, service, options):
    configure(work, targets, options, TOPIC, work, f'path: "s3://{BUCKET}/lake", endpoint: "{service.url}", region: {REGION}')
    feed, workers = Part(work, "feeds", "--role", "feeds"), [Member(work, f"worker-{number}", targets) for number in range(2)]
    try:
        for part in [*workers, feed]:
            part.start()
        for number in range(max(1, options.freezes)):
            fool(workers[number % 2], workers[1 - number % 2])
        check("fences: both get on", wait_for(lambda: all(worker.has(PARTITIONS // 2) for worker in workers), 90, 0.3), summary(*workers))
        time.sleep(1)
        check("fences: the feeds end in order", feed.end() == 0)
        check("fences: the workers take everything", wait_for(
            lambda: all(worker.has_all() and worker.has(PARTITIONS // 2, 0) for worker in workers), 90, 0.3), summary(*workers))
        for worker in workers:
            check(f"fences: {worker.name} ends in order", worker.end() == 0)
        targets.compare(service.copy(BUCKET, "lake/", work / "lake"))
        begin_anew(work, targets, options)
    finally:
        for part in [feed, *workers]:
            part.__exit__(None)
        targets.consumer.end()


def fences(work, server, options):
    """The scenario, with the targets that can be had; `server` is a PostgreSQL server or nothing."""
    kind = Server if program() else Engine if has_engine() else None
    if kind is None:
        print("SKIPPED ClickHouse: neither clickhouse-server nor chdb is installed")
    cluster, service = Cluster(), Service(options.seed)
    service.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    try:
        with Emulator("") as bigquery, kind(PASSWORD) if kind else contextlib.nullcontext() as clickhouse:
            play(work, Targets(cluster, server, clickhouse, bigquery), service, options)
    finally:
        service.close()
