"""Runs the whole pipeline over more instruments and longer histories, and writes the table of what grows with them."""

import argparse
import json
import sys

import report
import scenarios


def parsed_arguments():
    parser = argparse.ArgumentParser(
        prog="Benchmarks/growth", description="Measure end-to-end by number of instruments and of trades."
    )
    parser.add_argument("--instruments", default="10,1000,10000", help="numbers, with commas")
    parser.add_argument("--trades", default="1000000,10000000,100000000", help="numbers, with commas")
    parser.add_argument("--no-document", action="store_true", help="leave docs/performance.md alone")
    return parser.parse_args()


def cells(instruments, line):
    return [
        report.grouped(instruments), report.grouped(line["rows"]), report.grouped(line["rows_per_s"]),
        report.significant(line["cpu_us_per_row"]), report.significant(line["bars"] / line["rows"]),
        report.mebibytes(line["early_rss_bytes"]), report.mebibytes(line["peak_rss_bytes"]),
        report.significant(line["restart_seconds"]), report.significant(line["lake_bytes_per_trade"]),
    ]  # fmt: skip


def main():
    options = parsed_arguments()
    load_before = report.load()
    rows = []
    for instruments in map(int, options.instruments.split(",")):
        for trades in map(int, options.trades.split(",")):
            done = scenarios.tapedeck("end-to-end", "--rows", str(trades), "--instruments", str(instruments))
            if done.returncode != 0:
                raise SystemExit(f"{instruments} instruments, {trades} trades: {done.stderr.strip()}")
            print(f"  {done.stdout.strip()}", flush=True)
            rows.append(cells(instruments, json.loads(done.stdout)))
    header = [
        "instruments", "trades", "trades/s", "CPU µs/trade", "bars per trade", "RSS after a quarter, MiB",
        "peak RSS, MiB", "restart, s", "lake bytes per trade",
    ]  # fmt: skip
    command = " ".join(["Benchmarks/growth", *sys.argv[1:]])
    text = report.preamble(command, load_before, 1) + "\n\n" + report.table(header, rows, left=0)
    print(f"\n{text}")
    if not options.no_document:
        report.write("growth", text)


if __name__ == "__main__":
    main()
