"""The project in dbt/, run by dbt against one target."""

import os
import subprocess

import duckdb
import psycopg

from peer import DEPS, ROOT, check

PROJECT = ROOT / "dbt"
DBT = DEPS / "dbt-venv/bin/dbt"
MODELS = sorted(path.stem for path in PROJECT.glob("models/**/*.sql"))


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

    def compiled(self):
        """The SQL of each model and test, by name."""
        return {path.stem: path.read_text() for path in sorted((self.folder / "target/compiled").rglob("*.sql"))}


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


def ordered(cursor):
    names = [column[0] for column in cursor.description]
    # Whole and exact numbers, texts and times first: floating point may differ in its last digits.
    place = lambda row: [str(value) for value in row.values() if not isinstance(value, float)]
    return sorted((dict(zip(names, row, strict=True)) for row in cursor.fetchall()), key=place)


def differences(left, right, tolerance):
    """What differs between the rows of two places; numbers of floating point may by a share of their size. And the largest share."""
    found, most = [], 0
    for model in MODELS:
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
