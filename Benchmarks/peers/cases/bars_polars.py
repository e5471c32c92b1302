"""One-minute bars with SMA(20), RSI(14) and ATR(14) in polars over the frames, a batch reference:
`bars_polars.py FRAMES ROWS`."""

import sys

import polars as pl

from meter import Meter

SCHEMA = {
    "data": pl.List(pl.Struct({"p": pl.Float64, "s": pl.String, "t": pl.Int64, "v": pl.Float64})),
    "type": pl.String,
}


def wilder(values):
    return values.ewm_mean(alpha=1 / 14, adjust=False).over("s")


def bars_of(frames):
    trades = pl.scan_ndjson(frames, schema=SCHEMA).filter(pl.col("type") == "trade")
    trades = trades.select("data").explode("data").unnest("data")
    by_time = pl.col("p").sort_by("t", maintain_order=True)
    bars = (
        trades.group_by("s", (pl.col("t") // 60_000).alias("minute"))
        .agg(
            open=by_time.first(),
            high=pl.col("p").max(),
            low=pl.col("p").min(),
            close=by_time.last(),
            volume=pl.col("v").sum(),
        )
        .sort("s", "minute")
    )
    last = pl.col("close").shift().over("s")
    change = (pl.col("close") - last).fill_null(0)
    true_range = pl.max_horizontal("high", last) - pl.min_horizontal("low", last)
    gain, loss = wilder(change.clip(lower_bound=0)), wilder((-change).clip(lower_bound=0))
    return bars.with_columns(
        sma=pl.col("close").rolling_mean(20, min_samples=1).over("s"),
        rsi=100 * gain / (gain + loss),
        atr=wilder(true_range),
    )


def main(frames, rows):
    with Meter() as meter:
        bars = bars_of(frames).collect()
    meter.report(rows, bars=bars.height, volume=bars["volume"].sum())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
