"""What a Kafka cluster has of a pipeline's tables, as a consumer keeps it that drops what it has seen; compared with a lake."""

import json
import tempfile
import threading
import time

import confluent_kafka as kafka

from peer import check, open_lake
from sink_pipeline import declared

# Partition columns of the lake. Tables that the lake keeps by month have their `date` as an ordinary column too.
PARTITIONS = {"date", "month"}
PREFIX = "tapedeck."


class Consumer(threading.Thread):
    """Reads all topics from their beginning on, as they are written."""

    def __init__(self, address, pipeline, partitions):
        super().__init__(daemon=True)
        self.pipeline = pipeline
        self.client = kafka.Consumer({
            "bootstrap.servers": address, "group.id": "peer", "enable.auto.commit": False, "isolation.level": "read_committed",
            "enable.partition.eof": True, "log_level": 0, "reconnect.backoff.max.ms": 300})
        self.partitions = [(topic, number) for topic, count in partitions.items() for number in range(count)]
        self.client.assign([kafka.TopicPartition(topic, number, kafka.OFFSET_BEGINNING) for topic, number in self.partitions])
        self.asking = kafka.Consumer({"bootstrap.servers": address, "group.id": "asking", "log_level": 0})
        # Values by place, of each table; how far each table is; what was left out.
        self.rows, self.offsets, self.rejected = {}, {}, {}
        self.repeats, self.wrong = 0, []
        self.reached, self.places = {}, {}
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.is_set():
            for message in self.client.consume(1000, 0.1):
                if message.error():
                    if message.error().code() == kafka.KafkaError._PARTITION_EOF:
                        self.reached[message.topic(), message.partition()] = message.offset()
                    continue
                self.reached[message.topic(), message.partition()] = message.offset() + 1
                self.take(message)

    def take(self, message):
        table, key = message.topic().removeprefix(PREFIX), message.key().decode()
        if table == "offsets":
            name, offset = key.removeprefix(f"{self.pipeline}/"), int(message.value())
            if offset < self.offsets.get(name, -1):
                self.wrong.append(f"{name}: its offset goes from {self.offsets[name]} back to {offset}")
            self.offsets[name] = offset
        elif table == "rejected":
            left = json.loads(message.value())
            self.rejected.setdefault(left["table"], set()).add(left["journal_offset"])
        else:
            self.take_row(table, key, message)

    def take_row(self, table, key, message):
        header = dict(message.headers())["tapedeck"].decode()
        pipeline, named, offset, index, _ = header.split("/")
        place, rows = (int(offset), int(index)), self.rows.setdefault(table, {})
        if (pipeline, named) != (self.pipeline, table):
            self.wrong.append(f"{table}: header {header}")
        if place in rows:
            self.repeats += 1
            if rows[place] != message.value():
                self.wrong.append(f"{table}: {place} is {message.value()} and {rows[place]}")
            return
        rows[place] = message.value()
        if self.places.get((table, key), (-1, -1)) >= place:
            self.wrong.append(f"{table}: {key} has {place} behind {self.places[table, key]}")
        self.places[table, key] = place

    def read_all(self, seconds=60):
        """Whether it came to have everything that the cluster has."""
        end = time.monotonic() + seconds
        for topic, number in self.partitions:
            while not self.has_read(topic, number):
                if time.monotonic() > end:
                    return False
                time.sleep(0.02)
        return True

    def has_read(self, topic, number):
        try:
            # Another client: this one waits for messages.
            high = self.asking.get_watermark_offsets(kafka.TopicPartition(topic, number), timeout=20)[1]
        except kafka.KafkaException:  # the leader has just moved
            return False
        return self.reached.get((topic, number), 0) >= high

    def end(self):
        self.over.set()
        self.join(20)
        self.client.close()
        self.asking.close()


def load(lake, table, values):
    """Makes a table `delivered` of JSON objects, every value by way of its text. Returns the names of its columns."""
    kinds = {name: kind for name, kind, *_ in lake.execute(f"DESCRIBE {table}").fetchall()}
    names = list(json.loads(values[0]))
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(b"\n".join(values))
        file.flush()
        texts = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        lake.execute(f"""CREATE OR REPLACE TEMP TABLE delivered AS SELECT {', '.join(value(name, kinds[name]) for name in names)}
            FROM read_json('{file.name}', columns={{{texts}}}, format='newline_delimited', maximum_object_size=67108864)""")
    return names


def value(name, kind):
    text = f'"{name}"'
    return f"from_base64({text}) AS {text}" if kind == "BLOB" else f"CAST({text} AS {kind}) AS {text}"


def compare(name, consumer, data, tables):
    """Every row of the lake's tables is in the cluster, all values the same, and nothing else; each key in order; and the
    offsets say so. Returns the rows of each table, and the offsets that were left out."""
    check(f"{name}: the consumer reads to the end", consumer.read_all())
    lake = open_lake(data)
    counts, wrong = {}, list(consumer.wrong)
    for table in tables:
        rows = consumer.rows.get(table, {})
        without = ", ".join(map(str, [-2, *consumer.rejected.get(table, [])]))
        stored = f"{table} WHERE journal_offset NOT IN ({without})"
        if not rows:
            missing = lake.execute(f"SELECT count(*) FROM {stored}").fetchone()[0]
            wrong += [f"{table}: {missing} missing of {missing}"] if missing else []
            continue
        columns = load(lake, table, list(rows.values()))
        wanted = [column for column, _, _ in declared()[table] if column not in PARTITIONS]
        if [column for column in columns if column not in PARTITIONS] != wanted:
            wrong.append(f"{table}: its members are {columns}")
        names = ", ".join(f'"{column}"' for column in columns)
        counts[table] = len(rows)
        left, right = f"SELECT {names} FROM {stored}", f"SELECT {names} FROM delivered"
        missing, extra = lake.execute(f"SELECT (SELECT count(*) FROM ({left} EXCEPT ALL {right})), "
                                      f"(SELECT count(*) FROM ({right} EXCEPT ALL {left}))").fetchone()
        if missing or extra:
            example = lake.execute(f"({left} EXCEPT ALL {right}) UNION ALL ({right} EXCEPT ALL {left}) LIMIT 2").fetchall()
            wrong.append(f"{table}: {missing} missing, {extra} extra of {len(rows)}, for example {str(example)[:600]}")
        last = max(offset for offset, _ in rows)
        if consumer.offsets.get(table, -1) < last:
            wrong.append(f"{table}: its offset is {consumer.offsets.get(table)}, rows go to {last}")
    check(f"{name}: the cluster has each row of the lake, value by value, each key in order",
          not wrong and counts.get("trades", 0) > 0, "; ".join(wrong) or f"{counts}, {consumer.repeats} repeats dropped")
    return counts, consumer.rejected
