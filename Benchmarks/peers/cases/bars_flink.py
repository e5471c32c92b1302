"""1 min OHLCV bars in PyFlink's Table interface (SQL, TUMBLE), two slots: `bars_flink.py FLAT WARM_UP ROWS FOLDER`.

The source is one JSON object per trade, since event time must be a column of the source. No indicators. Open and close
follow arrival, not event time. A first job over the trades of WARM_UP starts the JVM and warms its compiler, uncounted.
Without checkpoints.
"""

import os
import pathlib
import sys

# There are no Python functions in the job, so there is no worker pool to start for them.
os.environ["_python_worker_execution_mode"] = "process"

from pyflink.table import EnvironmentSettings, TableEnvironment  # noqa: E402

from meter import Meter  # noqa: E402


TRADES = """CREATE TABLE {name}_trades (p DOUBLE, s STRING, t BIGINT, v DOUBLE, ts AS TO_TIMESTAMP_LTZ(t, 3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
WITH ('connector' = 'filesystem', 'path' = 'file://{flat}', 'format' = 'json')"""

BARS = """CREATE TABLE {name}_bars (s STRING, start_at TIMESTAMP(3), o DOUBLE, h DOUBLE, l DOUBLE, c DOUBLE, v DOUBLE)
WITH ('connector' = 'filesystem', 'path' = 'file://{folder}/{name}', 'format' = 'csv')"""

JOB = """INSERT INTO {name}_bars SELECT s, window_start, FIRST_VALUE(p), MAX(p), MIN(p), LAST_VALUE(p), SUM(v)
FROM TABLE(TUMBLE(TABLE {name}_trades, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY s, window_start, window_end"""


def run(tables, name, flat, folder):
    tables.execute_sql(TRADES.format(name=name, flat=flat))
    tables.execute_sql(BARS.format(name=name, folder=folder))
    tables.execute_sql(JOB.format(name=name)).wait()


def main(flat, warm_up, rows, folder):
    tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    tables.get_config().set("parallelism.default", "2")
    tables.get_config().set("table.local-time-zone", "UTC")
    run(tables, "warm_up", warm_up, folder)
    with Meter() as meter:
        run(tables, "measured", flat, folder)
    bars, volume = 0, 0.0
    for path in pathlib.Path(folder, "measured").rglob("*"):
        if path.is_file():
            for line in path.read_text().splitlines():
                bars += 1
                volume += float(line.rpartition(",")[2])
    meter.report(rows, bars=bars, volume=volume)


if __name__ == "__main__":
    flat, warm_up, rows, folder = sys.argv[1:5]
    main(os.path.abspath(flat), os.path.abspath(warm_up), int(rows), os.path.abspath(folder))
