"""moto's Kinesis behind a door that checks every request's signature with botocore, and answers with errors now and then.

moto moves the records of a shard that is split or merged into its children, still writes to it, and never ends it. Amazon's
leave the records where they are, write to the children, and end the shard behind its last record; so does this.
"""

import collections
import io
import json
import logging
import os
import random
import threading
import time
import urllib.parse

for name, text in {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "a-secret-that-nobody-may-see"}.items():
    os.environ.setdefault(name, text)

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import moto.kinesis.models as models
import werkzeug.serving
from moto.server import DomainDispatcherApplication, create_backend_app

REGION = "eu-central-1"
logging.getLogger("werkzeug").setLevel(logging.ERROR)


def leave_records_in_parents():
    """Resharding and the end of shards as Amazon's documentation has them."""

    def without_records(change):
        def changed(stream, *arguments):
            kept = {shard.shard_id: shard.records for shard in stream.shards.values()}
            for shard in stream.shards.values():
                shard.records = collections.OrderedDict()
            change(stream, *arguments)
            for name, records in kept.items():
                stream.shards[name].records = records
        return changed

    models.Stream.split_shard = without_records(models.Stream.split_shard)
    models.Stream.merge_shards = without_records(models.Stream.merge_shards)
    get_records = models.KinesisBackend.get_records

    def ending(backend, stream_arn, shard_iterator, limit):
        following, records, behind = get_records(backend, stream_arn, shard_iterator, limit)
        stream_name, shard, last = models.decompose_shard_iterator(following)
        stream = backend.describe_stream(stream_arn=stream_arn, stream_name=stream_name)
        shard = stream.get_shard(shard)
        is_over = not shard.is_open and int(last) >= shard.get_max_sequence_number()
        return None if is_over else following, records, behind

    models.KinesisBackend.get_records = ending
    shard_for_key = models.Stream.get_shard_for_key

    def open_shard_for_key(stream, partition_key, explicit_hash_key):
        known = stream.shards
        stream.shards = {name: shard for name, shard in known.items() if shard.is_open}
        try:
            return shard_for_key(stream, partition_key, explicit_hash_key)
        finally:
            stream.shards = known

    models.Stream.get_shard_for_key = open_shard_for_key


class Service:
    """Serves Kinesis on a port of loopback. `faults` is the share of the program's requests that fail, `refused` that of its
    records, `lost` that of its requests to put records that go through and are answered with an error."""

    def __init__(self, seed=1, faults=0.0, port=0):
        self.faults, self.refused, self.lost = faults, 0.0, 0.0
        # Seconds that an answer to the program takes.
        self.pause = 0.0
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.requests = collections.Counter()
        self.unsigned = []
        leave_records_in_parents()
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.port = port
        self.listen()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = boto3.client("kinesis", region_name=REGION, endpoint_url=self.url)

    def listen(self):
        self.server = werkzeug.serving.make_server("127.0.0.1", self.port, self.answer, threaded=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()

    def stop(self):
        """Takes no more connections; `listen` goes on with what there is."""
        self.server.shutdown()
        self.server.server_close()

    def answer(self, environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        action = environ.get("HTTP_X_AMZ_TARGET", "").split(".")[-1]
        is_ours = "tapedeck" in environ.get("HTTP_USER_AGENT", "")
        time.sleep(self.pause if is_ours else 0)
        with self.lock:
            self.requests[action] += is_ours
            fails = is_ours and self.random.random() < self.faults
            if is_ours and not self.is_signed(environ, body):
                self.unsigned.append(action)
                return self.fault(start_response, 403, "InvalidSignatureException")
            if fails:
                kinds = [(400, "ProvisionedThroughputExceededException"), (500, "InternalFailure"), (503, "ServiceUnavailable")]
                if action == "GetRecords":
                    kinds.append((400, "ExpiredIteratorException"))
                return self.fault(start_response, *self.random.choice(kinds))
            if is_ours and action == "PutRecords":
                return self.put(environ, start_response, body)
            return self.pass_on(environ, start_response, body)

    def pass_on(self, environ, start_response, body):
        # moto keeps its state in plain dictionaries.
        environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return list(self.moto(environ, start_response))

    def put(self, environ, start_response, body):
        """Some of the records are refused, as by a shard that gets too many."""
        request = json.loads(body)
        given = request["Records"]
        count, size = len(given), sum(len(record["Data"]) * 3 // 4 + len(record["PartitionKey"]) for record in given)
        if not 1 <= count <= 500 or size > 5 << 20 or any(len(record["Data"]) > (4 << 20) // 3 + 4 for record in given):
            return self.fault(start_response, 400, "InvalidArgumentException")
        taken = [record for record in given if self.random.random() >= self.refused]
        outcomes = iter([])
        if taken:
            answer = self.pass_on(environ, lambda *_: None, json.dumps({**request, "Records": taken}).encode())
            outcomes = iter(json.loads(b"".join(answer))["Records"])
        if self.random.random() < self.lost:
            return self.fault(start_response, 500, "InternalFailure")
        refusal = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded for shard"}
        kept = {id(record) for record in taken}
        text = json.dumps({"FailedRecordCount": count - len(taken), "Records": [
            next(outcomes) if id(record) in kept else refusal for record in given]}).encode()
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(text)))])
        return [text]

    @staticmethod
    def fault(start_response, status, name):
        text = json.dumps({"__type": name, "message": "try again"}).encode()
        start_response(f"{status} {name}", [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(text)))])
        return [text]

    @staticmethod
    def is_signed(environ, body):
        """botocore signs the same request; the signatures must be the same."""
        sent = environ.get("HTTP_AUTHORIZATION", "")
        fields = dict(part.strip().split("=", 1) for part in sent.removeprefix("AWS4-HMAC-SHA256 ").split(",") if "=" in part)
        names = fields.get("SignedHeaders", "").split(";")
        value = {"content-type": "CONTENT_TYPE"}
        headers = {name: environ.get(value.get(name, "HTTP_" + name.upper().replace("-", "_")), "") for name in names}
        request = botocore.awsrequest.AWSRequest(
            method=environ["REQUEST_METHOD"], url=f"http://{environ['HTTP_HOST']}{urllib.parse.quote(environ['PATH_INFO'])}",
            data=body, headers=headers)
        request.context["timestamp"] = environ.get("HTTP_X_AMZ_DATE", "")
        signer = botocore.auth.SigV4Auth(
            botocore.credentials.Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]),
            "kinesis", REGION)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        return {"host", "x-amz-date"} <= set(names) and signer.signature(text, request) == fields.get("Signature")
