"""One-minute bars with SMA(20), RSI(14) and ATR(14) in one DuckDB statement over the frames, a batch reference:
`bars_duckdb.py FRAMES ROWS`. RSI and ATR use plain averages of 14 bars, not Wilder's; nothing of it is incremental."""

import sys

import duckdb

from meter import Meter

SQL = """
CREATE TABLE bars AS
WITH trades AS (
  SELECT unnest(data, recursive := true)
  FROM read_json(?, format = 'newline_delimited', columns = {
    data: 'STRUCT(p DOUBLE, s VARCHAR, t BIGINT, v DOUBLE)[]', type: 'VARCHAR'})
  WHERE type = 'trade'),
bars AS (
  SELECT s, t // 60000 AS minute, arg_min(p, t) AS open, max(p) AS high, min(p) AS low, arg_max(p, t) AS close,
         sum(v) AS volume
  FROM trades GROUP BY ALL),
steps AS (
  SELECT *, close - lag(close, 1, close) OVER w AS change,
         greatest(high, lag(close) OVER w) - least(low, lag(close) OVER w) AS true_range
  FROM bars WINDOW w AS (PARTITION BY s ORDER BY minute))
SELECT s, minute, open, high, low, close, volume,
       avg(close) OVER (w ROWS 19 PRECEDING) AS sma,
       100 * sum(greatest(change, 0)) OVER (w ROWS 13 PRECEDING)
           / nullif(sum(abs(change)) OVER (w ROWS 13 PRECEDING), 0) AS rsi,
       avg(true_range) OVER (w ROWS 13 PRECEDING) AS atr
FROM steps WINDOW w AS (PARTITION BY s ORDER BY minute)
"""


def main(frames, rows):
    connection = duckdb.connect()
    with Meter() as meter:
        connection.execute(SQL, [frames])
    bars, volume = connection.execute("SELECT count(*), sum(volume) FROM bars").fetchone()
    meter.report(rows, bars=bars, volume=volume)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
