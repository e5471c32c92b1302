"""What a Kafka cluster has of a pipeline's tables."""

import json
import threading
import time

import confluent_kafka as kafka

import message_formats
from message_rows import Kept

PREFIX = "tapedeck."


class Consumer(threading.Thread):
    """Reads all topics from their beginning on, as they are written."""

    def __init__(self, address, pipeline, partitions, form="json"):
        super().__init__(daemon=True)
        self.pipeline, self.form = pipeline, form
        self.client = kafka.Consumer({
            "bootstrap.servers": address, "group.id": "peer", "enable.auto.commit": False, "isolation.level": "read_committed",
            "enable.partition.eof": True, "log_level": 0, "reconnect.backoff.max.ms": 300})
        self.partitions = [(topic, number) for topic, count in partitions.items() for number in range(count)]
        self.client.assign([kafka.TopicPartition(topic, number, kafka.OFFSET_BEGINNING) for topic, number in self.partitions])
        self.asking = kafka.Consumer({"bootstrap.servers": address, "group.id": "asking", "log_level": 0})
        self.kept = Kept(pipeline)
        # Messages of tables, and rows that the documented way to drop repeats keeps.
        self.messages, self.seen, self.new = 0, {}, 0
        self.reached = {}
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
        table, key, kept = message.topic().removeprefix(PREFIX), message.key().decode(), self.kept
        if table == "offsets":
            name, offset = key.removeprefix(f"{self.pipeline}/"), int(message.value())
            if offset < kept.offsets.get(name, -1):
                kept.wrong.append(f"{name}: its offset goes from {kept.offsets[name]} back to {offset}")
            kept.offsets[name] = offset
        elif table == "rejected":
            kept.take_rejected(json.loads(message.value()))
        else:
            self.messages += 1
            self.new += sum(1 for _ in message_formats.documented(self.form)["new_rows"](message, self.seen))
            for identity, row in message_formats.rows(self.form, message):
                kept.take(table, key, identity, row)

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
