"""Message buses of clouds on loopback, each with a consumer that keeps what it gets, behind one face."""

import base64
import json

import botocore.exceptions
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import kinesis_service
import pubsub_service
from message_rows import Kept

SECRET = "a-secret-that-nobody-may-see"


class PubSub:
    """A small Pub/Sub; what was published is read as it came."""

    kind = "pubsub"
    environment = {}
    # A row of this many bytes is more than a message holds.
    too_large = 7_000_000
    # No subscription reads it.
    chained = None

    def __init__(self, pipeline, seed):
        self.kept = Kept(pipeline)
        self.service = pubsub_service.Service(seed)
        self.read = {}

    def options(self, more=""):
        return f'project: p, endpoint: "http://127.0.0.1:{self.service.port}"{more}'

    def locked_out(self, folder):
        """Options of somebody whose token is refused, and what must not be told."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        file = folder / "key.json"
        file.write_text(json.dumps({
            "type": "service_account", "client_email": "me@p.example", "private_key_id": "1", "private_key": key,
            "token_uri": f"http://127.0.0.1:{self.service.port}/token"}))
        self.service.token, self.service.given_token = "another", SECRET
        return self.options(f', credentials: "{file}"'), [SECRET, key.splitlines()[2]]

    def trouble(self, on):
        self.service.refused_publishes, self.service.lost_publishes = (0.1, 0.1) if on else (0, 0)

    def take(self):
        """Takes what is new; whether there was anything."""
        is_new = False
        for name in list(self.service.published):
            table, messages = name.rsplit(".", 1)[-1], self.service.published[name]
            for message in messages[self.read.get(name, 0):]:
                is_new = True
                self.read[name] = self.read.get(name, 0) + 1
                value = base64.b64decode(message["data"])
                if table == "rejected":
                    self.kept.take_rejected(json.loads(value))
                else:
                    self.kept.take(table, message["orderingKey"], message["attributes"]["tapedeck"], value)
        return is_new


class Kinesis:
    """moto's Kinesis, read by boto3."""

    kind = "kinesis"
    environment = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": SECRET}
    too_large = 900_000
    shards = 4

    def __init__(self, pipeline, seed):
        self.kept = Kept(pipeline)
        self.service = kinesis_service.Service(seed)
        self.client = self.service.client
        # All services of this process have the same streams.
        self.stream = pipeline
        self.client.create_stream(StreamName=self.stream, ShardCount=self.shards)
        shards = self.client.describe_stream(StreamName=self.stream)["StreamDescription"]["Shards"]
        self.iterators = {shard["ShardId"]: self.client.get_shard_iterator(
            StreamName=self.stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"] for shard in shards}

    def options(self, more=""):
        return f'stream: {self.stream}, region: {kinesis_service.REGION}, endpoint: "{self.service.url}"{more}'

    def chained(self):
        """A feed that reads the stream."""
        return f"kinesis: {{ {self.options()}, start: earliest, every: 200ms, format: transactions }}"

    def locked_out(self, _):
        key = "another-secret-that-nobody-may-see"
        return self.options(f", access_key: AKIDOTHER, secret_key: {key}"), [key, SECRET]

    def trouble(self, on):
        self.service.faults, self.service.refused, self.service.lost = (0.1, 0.3, 0.1) if on else (0, 0, 0)

    def take(self):
        is_new = False
        for shard, iterator in self.iterators.items():
            try:
                answer = self.client.get_records(ShardIterator=iterator, Limit=1000)
            except botocore.exceptions.EndpointConnectionError:  # it does not listen now
                return is_new
            self.iterators[shard] = answer["NextShardIterator"]
            for record in answer["Records"]:
                is_new = True
                for line in record["Data"].splitlines():
                    self.take_line(record["PartitionKey"], line)
        return is_new

    def take_line(self, key, line):
        head, value = line.split(b'",', 1)
        identity = head.removeprefix(b'{"tapedeck":"').decode()
        table = identity.split("/")[1]
        if table == "rejected":
            self.kept.take_rejected(json.loads(line))
        else:
            self.kept.take(table, key, identity, b"{" + value)


BUSES = [PubSub, Kinesis]
