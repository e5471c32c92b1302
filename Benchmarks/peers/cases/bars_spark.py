"""One-minute OHLCV bars in Spark Structured Streaming, local[2]: `bars_spark.py PARTS WARM_UP ROWS FOLDER`.

PARTS is a folder of files with frames; each file is a batch. No indicators. A window is written when the watermark has
passed it, so the last one is not. A first query over the frames of WARM_UP starts the JVM and warms its compiler,
uncounted.
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from meter import Meter

SCHEMA = "data ARRAY<STRUCT<p: DOUBLE, s: STRING, t: BIGINT, v: DOUBLE>>, type STRING"


def run(spark, parts, name, folder):
    frames = spark.readStream.schema(SCHEMA).option("maxFilesPerTrigger", 1).json(parts)
    trades = frames.where("type = 'trade'").select(f.explode("data").alias("d")).select("d.*")
    bars = (
        trades.withColumn("ts", f.timestamp_millis("t"))
        .withWatermark("ts", "2 seconds")
        .groupBy("s", f.window("ts", "1 minute"))
        .agg(
            f.min_by("p", "t").alias("o"),
            f.max("p").alias("h"),
            f.min("p").alias("l"),
            f.max_by("p", "t").alias("c"),
            f.sum("v").alias("v"),
        )
    )
    sink = bars.writeStream.format("parquet").option("path", f"{folder}/{name}")
    sink = sink.option("checkpointLocation", f"{folder}/{name}-checkpoint").trigger(availableNow=True)
    sink.start().awaitTermination()


def main(parts, warm_up, rows, folder):
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.shuffle.partitions", 2)
        .config("spark.driver.memory", "4g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    run(spark, warm_up, "warm-up", folder)
    with Meter() as meter:
        run(spark, parts, "measured", folder)
    count, volume = spark.read.parquet(f"{folder}/measured").agg(f.count("*"), f.coalesce(f.sum("v"), f.lit(0.0))).first()
    meter.report(rows, bars=count, volume=volume)
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
