"""Objects of Tapedeck's sink `objects` in the layout `snapshots`: which there are, and the quotes in them."""

import json
import os
import re
import urllib.parse

import boto3

# SYMBOL/SECOND.json, and SYMBOL/SECOND-OFFSET.json where another answer came in the same second.
NAME = re.compile(r"([^/]+)/(\d+)(?:-\d+)?\.json$")
# What one run takes of a symbol: the rest comes with the next.
MOST = 2000
SECOND_NS = 1_000_000_000


def place():
    """Bucket and folder of TAPEDECK_OBJECTS, for example `s3://market/stocks`. Keys and endpoint are boto3's: AWS_ACCESS_KEY_ID and its like,
    AWS_ENDPOINT_URL_S3 for others than Amazon."""
    parts = urllib.parse.urlsplit(os.environ["TAPEDECK_OBJECTS"])
    return parts.netloc, parts.path.strip("/")


def second(key):
    """The second in which an object's answer came."""
    return int(NAME.search(key)[2])


def behind(symbol, mark, known):
    """Keys of a symbol's objects from the second of its mark on, apart from those that are known, in the order of time."""
    bucket, folder = place()
    prefix = f"{folder}/{encoded(symbol)}/".lstrip("/")
    options = {} if mark is None else {"StartAfter": f"{prefix}{mark}"}
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **options)
    found = []
    for page in pages:
        found += [entry["Key"] for entry in page.get("Contents", []) if NAME.search(entry["Key"]) and entry["Key"] not in known]
        if len(found) >= MOST:
            break
    return found[:MOST]


def encoded(symbol):
    """A symbol as keys have it."""
    return re.sub(r"[/%\x00-\x1f\x7f]", lambda found: f"%{ord(found[0]):02X}", symbol)


def quotes(symbol, keys):
    """The quotes in objects, as rows of `quote_snapshots`; an answer without a price is none."""
    bucket, _ = place()
    client = boto3.client("s3")
    answers = ((key, json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read())) for key in keys)
    return [quote(symbol, key, answer) for key, answer in answers if answer.get("c")]


def quote(symbol, key, answer):
    fetched_at_ns = second(key) * SECOND_NS
    return {
        "venue": os.environ.get("TAPEDECK_VENUE", "US"),
        "symbol": symbol,
        "fetched_at_ns": fetched_at_ns,
        "event_time_ns": answer["t"] * SECOND_NS if answer.get("t") else fetched_at_ns,
        "current": number(answer, "c"),
        "change": number(answer, "d"),
        "change_percent": number(answer, "dp"),
        "high": number(answer, "h"),
        "low": number(answer, "l"),
        "open": number(answer, "o"),
        "previous_close": number(answer, "pc"),
        "source": "finnhub",
        "object_key": key,
    }


def number(answer, name):
    return None if answer.get(name) is None else float(answer[name])
