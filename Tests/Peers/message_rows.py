"""What a message bus has of a pipeline's tables, as a consumer keeps it that drops what it has seen; compared with a lake."""

import json
import tempfile

from peer import check, open_lake
from sink_pipeline import declared

# Partition columns of the lake. Tables that the lake keeps by month have their `date` as an ordinary column too.
PARTITIONS = {"date", "month"}


class Kept:
    """Rows by their identities."""

    def __init__(self, pipeline):
        self.pipeline = pipeline
        # Values by place, of each table; how far each table is; what was left out.
        self.rows, self.offsets, self.rejected = {}, {}, {}
        self.repeats, self.wrong, self.places = 0, [], {}

    def take(self, table, key, identity, value):
        """A row of a table, its key, its identity and the bytes of its JSON object."""
        pipeline, named, offset, index, _ = identity.split("/")
        place, rows = (int(offset), int(index)), self.rows.setdefault(table, {})
        if (pipeline, named) != (self.pipeline, table):
            self.wrong.append(f"{table}: identity {identity}")
        if place in rows:
            self.repeats += 1
            if rows[place] != value:
                self.wrong.append(f"{table}: {place} is {value} and {rows[place]}")
            return
        rows[place] = value
        if self.places.get((table, key), (-1, -1)) >= place:
            self.wrong.append(f"{table}: {key} has {place} behind {self.places[table, key]}")
        self.places[table, key] = place

    def take_rejected(self, left):
        self.rejected.setdefault(left["table"], set()).add(left["journal_offset"])


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


def differences(lake, table, values, stored):
    """How rows differ from those of the lake that `stored` selects (`FROM` onwards), every column and value: in words."""
    if not values:
        missing = lake.execute(f"SELECT count(*) FROM {stored}").fetchone()[0]
        return [f"{table}: {missing} missing of {missing}"] if missing else []
    columns, wrong = load(lake, table, values), []
    wanted = [column for column, _, _ in declared()[table] if column not in PARTITIONS]
    if [column for column in columns if column not in PARTITIONS] != wanted:
        wrong.append(f"{table}: its members are {columns}")
    names = ", ".join(f'"{column}"' for column in columns)
    left, right = f"SELECT {names} FROM {stored}", f"SELECT {names} FROM delivered"
    missing, extra = lake.execute(f"SELECT (SELECT count(*) FROM ({left} EXCEPT ALL {right})), "
                                  f"(SELECT count(*) FROM ({right} EXCEPT ALL {left}))").fetchone()
    if missing or extra:
        example = lake.execute(f"({left} EXCEPT ALL {right}) UNION ALL ({right} EXCEPT ALL {left}) LIMIT 2").fetchall()
        wrong.append(f"{table}: {missing} missing, {extra} extra of {len(values)}, for example {str(example)[:600]}")
    return wrong


def compare(name, kept, data, tables):
    """Every row of the lake's tables was kept, all values the same, and nothing else; each key in order; and the offsets say so.
    Returns the rows of each table, and the offsets that were left out."""
    lake = open_lake(data)
    counts, wrong = {}, list(kept.wrong)
    for table in tables:
        rows = kept.rows.get(table, {})
        without = ", ".join(map(str, [-2, *kept.rejected.get(table, [])]))
        wrong += differences(lake, table, list(rows.values()), f"{table} WHERE journal_offset NOT IN ({without})")
        if not rows:
            continue
        counts[table] = len(rows)
        last = max(offset for offset, _ in rows)
        if kept.offsets.get(table, -1) < last:
            wrong.append(f"{table}: its offset is {kept.offsets.get(table)}, rows go to {last}")
    check(f"{name}: the bus has each row of the lake, value by value, each key in order",
          not wrong and counts.get("trades" if "trades" in tables else tables[0], 0) > 0, "; ".join(wrong) or f"{counts}, {kept.repeats} repeats dropped")
    return counts, kept.rejected
