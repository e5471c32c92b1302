"""Kafka brokers inside this process: the mock cluster of the librdkafka that confluent-kafka brings, with its own switches."""

import ctypes
import pathlib

import confluent_kafka

# Requests that can be made to fail, by the protocol's numbers.
PRODUCE, INIT_PRODUCER, ADD_PARTITIONS, END_TRANSACTION = 0, 22, 24, 26
ALL_BROKERS = -1


def library():
    """The library that the Python client has loaded; another one than the program's."""
    folder = pathlib.Path(confluent_kafka.__file__).parent.with_name("confluent_kafka.libs")
    loaded = ctypes.CDLL(str(next(folder.glob("librdkafka*.so*"))))
    for name in ["rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"]:
        getattr(loaded, name).restype = ctypes.c_void_p
    loaded.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    return loaded


class Cluster:
    """Brokers that any client can connect to. A partition keeps its latest 5 MiB; messages of transactions that were aborted
    or not ended are shown to everybody, and nobody is fenced."""

    def __init__(self, brokers=3):
        self.library = library()
        reason = ctypes.create_string_buffer(512)
        settings = ctypes.c_void_p(self.library.rd_kafka_conf_new())
        self.library.rd_kafka_conf_set(settings, b"log_level", b"0", reason, 512)
        self.library.rd_kafka_conf_set(settings, b"bootstrap.servers", b"unused:1", reason, 512)
        self.client = ctypes.c_void_p(self.library.rd_kafka_new(0, settings, reason, 512))
        self.cluster = ctypes.c_void_p(self.library.rd_kafka_mock_cluster_new(self.client, brokers))
        self.brokers = list(range(1, brokers + 1))
        self.address = self.library.rd_kafka_mock_cluster_bootstraps(self.cluster).decode()

    def make(self, topic, partitions):
        if self.library.rd_kafka_mock_topic_create(self.cluster, topic.encode(), partitions, 1):
            raise OSError(f"the mock makes no topic {topic}")

    def stop(self, broker=ALL_BROKERS):
        """Ends connections, and takes no new ones."""
        self.library.rd_kafka_mock_broker_set_down(self.cluster, broker)

    def start(self, broker=ALL_BROKERS):
        self.library.rd_kafka_mock_broker_set_up(self.cluster, broker)

    def slow(self, milliseconds):
        """Lets every answer take that long."""
        self.library.rd_kafka_mock_broker_set_rtt(self.cluster, ALL_BROKERS, milliseconds)

    def lead(self, topic, partition, broker):
        self.library.rd_kafka_mock_partition_set_leader(self.cluster, topic.encode(), partition, broker)

    def fail(self, request, *codes):
        """Lets the next requests of a kind fail, one each."""
        self.library.rd_kafka_mock_push_request_errors_array(
            self.cluster, ctypes.c_int16(request), ctypes.c_size_t(len(codes)), (ctypes.c_int * len(codes))(*codes))
