"""The project in dbt/, run by dbt against one target."""

import datetime
import graphlib
import json
import os
import subprocess
import sys

import duckdb

from peer import DEPS, HERE, ROOT, check, open_lake

PROJECT = ROOT / "dbt"
DBT, PYTHON = DEPS / "dbt-venv/bin/dbt", DEPS / "dbt-venv/bin/python"
MODELS = sorted(path.stem for path in PROJECT.glob("models/**/*.sql"))
# Columns that tell rows of the models apart, and that every database writes in the same way.
KEYS = ["table_name", "kind", "venue", "exchange", "symbol", "source", "price_type", "bar_interval", "bar_start_ns", "fetched_at_ns", "currency",
        "operation", "hour_start_ns", "day_start_ns", "place", "operation_id", "measured"]


class Project:
    """The project with a target and a place for what it compiles. `begin` starts a command, `end` waits for it, so that two targets
    can be at work at once."""

    def __init__(self, name, target, work, environment):
        self.name, self.target = name, target
        self.folder = work / f"dbt-{name}"
        self.folder.mkdir()
        self.environment = dict(os.environ, DBT_PROFILES_DIR=str(PROJECT), DBT_PROJECT_DIR=str(PROJECT), DBT_USE_COLORS="false",
                                DBT_SEND_ANONYMOUS_USAGE_STATS="false", **environment)
        self.process = None

    def begin(self, command, *options):
        words = [DBT, "--quiet", command, "--target", self.target, "--target-path", self.folder / "target", "--log-path", self.folder, *options]
        self.process = subprocess.Popen([str(word) for word in words], env=self.environment, cwd=self.folder, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.said = f"{self.name}: dbt {command} {' '.join(map(str, options))}".rstrip()

    def end(self, succeeds=True):
        """Whether the command did what was expected of it; what it printed."""
        printed = self.process.communicate(timeout=300)[0]
        check(self.said + ("" if succeeds else " fails"), (self.process.returncode == 0) == succeeds,
              "" if (self.process.returncode == 0) == succeeds else printed[-3000:])
        return printed


def together(*commands):
    """Runs a command of each project at the same time: project, command, options."""
    for project, *words in commands:
        project.begin(*words)
    for project, *_ in commands:
        project.end()


class DuckDB(Project):
    """Models over a lake, in a database file of their own."""

    def __init__(self, name, work, lake):
        self.file = work / f"{name}.duckdb"
        super().__init__(name, "duckdb", work, {
            "TAPEDECK_LAKE": str(lake), "TAPEDECK_WAREHOUSE": str(self.file),
            "TAPEDECK_DELTA_EXTENSION": str((DEPS / "lib/delta.duckdb_extension").resolve())})

    def rows(self):
        """All rows of each model, as dictionaries, in an order that follows from the rows."""
        with duckdb.connect(str(self.file), read_only=True) as database:
            database.execute("SET TimeZone = 'UTC'")
            return {model: ordered(database.execute(f"FROM models.{model}")) for model in MODELS}


class PostgreSQL(Project):
    """Models over what the sink `postgresql` filled, in a schema beside it."""

    def __init__(self, name, work, server, database, password):
        self.server, self.database = server, database
        super().__init__(name, "postgres", work, {
            "PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "tapedeck", "PGPASSWORD": password, "PGDATABASE": database})

    def rows(self):
        with self.server.connect(self.database) as connection:
            return {model: ordered(connection.execute(f"SELECT * FROM models.{model}")) for model in MODELS}


class Elsewhere(Project):
    """Models for a database that is not here: what dbt compiles without a connection is parsed, and run on what is nearest."""

    # Nobody asks for these: dbt wants something to be there.
    SECRETS = {"CLICKHOUSE_USER": "nobody", "CLICKHOUSE_PASSWORD": "none", "GOOGLE_CLOUD_PROJECT": "demo"}
    GOOGLE = {"type": "authorized_user", "client_id": "x", "client_secret": "x", "refresh_token": "x"}
    WITHOUT_CONNECTION = ["--no-introspect", "--no-populate-cache"]

    def __init__(self, target, work):
        key = work / f"{target}.json"
        key.write_text(json.dumps(self.GOOGLE))
        super().__init__(target, target, work, self.SECRETS | {"GOOGLE_APPLICATION_CREDENTIALS": str(key)})

    def parse(self):
        """How many statements of models and tests an independent parser takes."""
        done = subprocess.run([PYTHON, HERE / "models_elsewhere.py", "parse", self.target, self.folder / "target/compiled"],
                              capture_output=True, text=True, check=False)
        check(f"{self.name}: an independent parser takes what was compiled", done.returncode == 0 and int(done.stdout) > 90,
              done.stdout.strip() or done.stderr[-1000:])

    def make(self, data):
        """Makes the models, as at the first time, of the tables of a lake."""
        lake, bronze = open_lake(data), self.folder / "bronze"
        bronze.mkdir()
        for table in ("bars", "indicators", "quote_snapshots", "transactions"):
            lake.execute(f"COPY {table} TO '{bronze / table}.parquet'")
        nodes = {key: node for key, node in json.loads((self.folder / "target/manifest.json").read_text())["nodes"].items()
                 if node["resource_type"] == "model"}
        order = graphlib.TopologicalSorter({key: nodes.keys() & set(node["depends_on"]["nodes"]) for key, node in nodes.items()})
        files = {file.stem: file for file in (self.folder / "target/compiled").rglob("*.sql")}
        (self.folder / "models.json").write_text(json.dumps([
            (name, files[name].read_text()) for name in (nodes[key]["name"] for key in order.static_order())]))
        python = sys.executable if self.target == "clickhouse" else PYTHON
        done = subprocess.run([python, HERE / "models_elsewhere.py", self.target, self.folder], capture_output=True, text=True, check=False)
        check(f"{self.name}: the models are made", done.returncode == 0, done.stderr[-2000:])

    def rows(self):
        with duckdb.connect() as database:
            database.execute("SET TimeZone = 'UTC'")
            return {model: [typed(row) for row in ordered(database.execute(f"FROM '{self.folder / model}.parquet'"))] for model in MODELS}


def typed(row):
    """A row whose times have no zone, or whose days have a time, since the types of another database were written in DuckDB's."""
    def value(name, there):
        if isinstance(there, datetime.datetime):
            return there.date() if name.endswith("_date") else there.replace(tzinfo=there.tzinfo or datetime.UTC)
        return there
    return {name: value(name, there) for name, there in row.items()}


def ordered(cursor):
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return sorted(rows, key=lambda row: [str(row[name]) for name in KEYS if name in row])


def differences(left, right, tolerance, models=MODELS):
    """What differs between the rows of two places; numbers of floating point may by a share of their size. And the largest share."""
    found, most = [], 0
    for model in models:
        if len(left[model]) != len(right[model]):
            found.append(f"{model}: {len(left[model])} and {len(right[model])} rows")
            continue
        for one, other in zip(left[model], right[model], strict=True):
            for name, value in one.items():
                there = other[name]
                if isinstance(value, float) and isinstance(there, float):
                    share = abs(value - there) / max(abs(value), abs(there), 1e-9)
                    most = max(most, share)
                    if share > tolerance:
                        found.append(f"{model}.{name}: {value!r} and {there!r} in {one}")
                elif value != there:
                    found.append(f"{model}.{name}: {value!r} and {there!r} in {one}")
    return found, most
