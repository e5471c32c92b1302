"""bqemulator on loopback, with what the sink rests on and the emulator lacks.

  bigquery_emulator.py FOLDER PORT [--key PUBLIC.pem]

Data are kept in FOLDER, also over a kill. Beside what the emulator does by itself:

- Load jobs by multipart upload keep the name that they were given: a name is taken once, a second job of it is answered with
  `409 duplicate`. Rows and job are one transaction; columns go by name; a job is `RUNNING` when it is answered.
- `POST /token` gives a token for what the private key of PUBLIC.pem has signed; without it nothing is answered. Without `--key`
  everybody may ask.
- `POST /refuse` {"table": "trades", "where": "price > 1000"} makes load jobs fail whose file holds such rows.

Extensions of DuckDB that would be fetched, and copies of every table at every change, are left out.
"""

import argparse
import asyncio
import json
import logging
import pathlib
import re
import secrets
import tempfile
import time
import urllib.parse

import duckdb
import google.auth.jwt
import structlog
import uvicorn

# Before the emulator is imported: it writes what it knows of SQL.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

from bqemulator.api.app import create_app
from bqemulator.api.dependencies import AppContext
from bqemulator.catalog.duckdb_repository import DuckDBCatalogRepository
from bqemulator.catalog.models import JobMeta
from bqemulator.config import PersistenceMode, Settings
from bqemulator.domain.clock import SystemClock
from bqemulator.domain.events import EventBus
from bqemulator.observability.metrics import MetricsRegistry
from bqemulator.row_access.policy import RowAccessPolicyManager
from bqemulator.storage.engine import DuckDBEngine
from bqemulator.storage.sql_identifiers import quoted_table_ref
from bqemulator.udf.runtime import UDFRegistry
from bqemulator.versioning.snapshots import SnapshotManager

DuckDBEngine._load_spatial = lambda _: None
SnapshotManager.record_change = lambda *_: None

READERS = {"PARQUET": "read_parquet(?)", "NEWLINE_DELIMITED_JSON": "read_json(?, format = 'newline_delimited')"}


async def emulator(folder):
    """The emulator's application, with its data in a folder."""
    settings = Settings(persistence_mode=PersistenceMode.PERSISTENT, data_dir=folder, enable_format_extensions=False,
                        metrics_enabled=False)
    engine, clock, events = DuckDBEngine(settings), SystemClock(), EventBus()
    await engine.start()
    catalog = DuckDBCatalogRepository(engine)
    catalog.ensure_ready()
    snapshots = SnapshotManager(engine=engine, catalog=catalog, clock=clock, events=events,
                                retention_days=settings.time_travel_retention_days)
    return create_app(AppContext(
        settings=settings, clock=clock, engine=engine, catalog=catalog, metrics=MetricsRegistry(), events=events,
        udf_registry=UDFRegistry(settings), snapshots=snapshots,
        row_access=RowAccessPolicyManager(catalog=catalog, clock=clock)))


class Door:
    """In front of the emulator, in its process."""

    def __init__(self, app, key):
        self.app, self.key = app, key
        self.context = app.state.context
        self.tokens, self.refused = set(), {}

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        if scope["path"] == "/token":
            return await answer(send, *self.token(await read(receive)))
        if scope["path"] == "/refuse":
            rule = json.loads(await read(receive))
            self.refused[rule["table"]] = rule["where"]
            return await answer(send, 200, {})
        if self.key and headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return await answer(send, *fault(401, "authError", "Request had invalid authentication credentials."))
        upload = re.fullmatch(r"/upload/bigquery/v2/projects/([^/]+)/jobs", scope["path"])
        if upload and b"uploadType=multipart" in scope["query_string"]:
            body = await read(receive)
            return await answer(send, *self.load(urllib.parse.unquote(upload[1]), *parts(headers["content-type"], body)))
        return await self.app(scope, receive, send)

    def token(self, body):
        assertion = urllib.parse.parse_qs(body.decode())["assertion"][0]
        try:
            google.auth.jwt.decode(assertion, certs={google.auth.jwt.decode_header(assertion)["kid"]: self.key or ""})
        except ValueError as error:
            return 400, {"error": "invalid_grant", "error_description": f"Invalid JWT Signature: {error}"}
        token = secrets.token_urlsafe(24)
        self.tokens.add(token)
        return 200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}

    def load(self, project, resource, file):
        """Without a pause from beginning to end: nothing else happens meanwhile."""
        catalog, engine = self.context.catalog, self.context.engine
        identifier, configuration = resource["jobReference"]["jobId"], resource["configuration"]
        if catalog.get_job(project, identifier):
            return fault(409, "duplicate", f"Already Exists: Job {project}:US.{identifier}")
        load = configuration["load"]
        target = load["destinationTable"]
        if catalog.get_table(target["projectId"], target["datasetId"], target["tableId"]) is None:
            return fault(404, "notFound", f"Not found: Table {target['projectId']}:{target['datasetId']}.{target['tableId']}")
        reader = READERS[load["sourceFormat"]]
        place = quoted_table_ref(target["projectId"], target["datasetId"], target["tableId"])
        with tempfile.NamedTemporaryFile() as named:
            named.write(file)
            named.flush()
            engine.execute("BEGIN TRANSACTION")
            try:
                if rule := self.refused.get(target["tableId"]):
                    if bad := engine.execute(f"SELECT count(*) FROM {reader} WHERE {rule}", [named.name]).fetchone()[0]:
                        raise ValueError(f"{bad} rows with {rule}")
                engine.execute(f"INSERT INTO {place} BY NAME SELECT * FROM {reader}", [named.name])
                rows, error = engine.execute(f"SELECT count(*) FROM {reader}", [named.name]).fetchone()[0], None
            except (duckdb.Error, ValueError) as failure:
                engine.execute("ROLLBACK")
                engine.execute("BEGIN TRANSACTION")
                text = (f"Provided Schema does not match Table {target['datasetId']}.{target['tableId']}. {failure}"
                        if isinstance(failure, duckdb.BinderException) else f"Error while reading data, error message: {failure}")
                rows, error = 0, {"reason": "invalid", "message": text}
        now = self.context.clock.now()
        job = catalog.upsert_job(JobMeta(
            project_id=project, job_id=identifier, job_type="LOAD", state="DONE", configuration=configuration,
            statistics={"load": {"outputRows": str(rows)}}, error_result=error, creation_time=now, start_time=now, end_time=now,
            etag=str(time.time_ns())))
        engine.execute("COMMIT")
        return 200, {"jobReference": resource["jobReference"], "configuration": job.configuration, "status": {"state": "RUNNING"}}


def parts(content_type, body):
    """The resource and the file of a multipart upload."""
    boundary = b"--" + re.search(r'boundary="?([^";]+)', content_type)[1].encode()
    first, second = body.split(boundary)[1:3]
    return json.loads(first.partition(b"\r\n\r\n")[2]), second.partition(b"\r\n\r\n")[2][:-2]


def fault(status, reason, message):
    return status, {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}


async def read(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def answer(send, status, fields):
    text = json.dumps(fields).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--key", type=pathlib.Path)
    options = parser.parse_args()
    door = Door(await emulator(options.folder), options.key.read_text() if options.key else None)
    await uvicorn.Server(uvicorn.Config(door, port=options.port, log_level="warning", lifespan="off")).serve()


asyncio.run(main())
