#!/usr/bin/env python3
"""Writes the inputs that fuzzing starts from: frames and lines of the tests, and of real recordings where they are.

Usage: seeds.py FOLDER. Makes FOLDER/frames (JSON frames), FOLDER/lines (lines of text files) and FOLDER/files (the path
of a file, a line break, and the file or its beginning). Recordings are found through TAPEDECK_DATA or in shared/data beside a folder above the checkout.
"""

import gzip
import hashlib
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Of texts that differ only in their numbers and words this many are kept.
PER_SHAPE = 3
LONGEST_FRAME = 3000
# Files are played whole where they are no longer; of text the beginning will do.
LONGEST_FILE = 12_000
PLAYED = (".bi5", ".csv", ".gz", ".json", ".jsonl", ".txt", ".xz", ".zip")


def recordings():
    if "TAPEDECK_DATA" in os.environ:
        return pathlib.Path(os.environ["TAPEDECK_DATA"])
    for folder in ROOT.parents:
        if (folder / "shared/data/README.md").exists():
            return folder / "shared/data"
    return None


class Seeds:
    """A folder of inputs, none twice, and few of one shape."""

    def __init__(self, folder):
        self.folder = folder
        self.shapes = {}
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, data):
        shape = re.sub(rb"[0-9]+", b"0", re.sub(rb"[A-Za-z]{4,}", b"a", data))[:200]
        self.shapes[shape] = self.shapes.get(shape, 0) + 1
        if self.shapes[shape] <= PER_SHAPE:
            (self.folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def texts_in_tests():
    """What stands between #" and "# in the Swift tests."""
    for path in sorted((ROOT / "Tests").glob("*Tests/**/*.swift")):
        for text in re.findall(r'#"(.*?)"#', path.read_text()):
            if "\\#(" not in text:
                yield text.encode()


def lines(path):
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        for number, line in enumerate(file):
            if number == 20_000:
                return
            yield line.rstrip(b"\r\n")


def frames_of(path):
    """JSON in the lines of a log, whatever stands before it."""
    for line in lines(path):
        start = min((place for place in (line.find(b"{"), line.find(b"[")) if place >= 0), default=-1)
        if 0 <= start and len(line) - start <= LONGEST_FRAME:
            yield line[start:]


def main():
    target = pathlib.Path(sys.argv[1])
    frames, rows = Seeds(target / "frames"), Seeds(target / "lines")
    files = target / "files"
    files.mkdir(parents=True, exist_ok=True)
    previous = b""
    for text in texts_in_tests():
        (frames if text[:1] in b"{[" else rows).add(text)
        if text[:1] == b"{":
            frames.add(previous + b"\x1e" + text)
            previous = text
    folder = recordings()
    if folder is None:
        print("No recordings (set TAPEDECK_DATA): the seeds are from the tests alone.")
        return
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.parent == folder:
            continue
        kinds = path.name.split(".")[1:]
        if "ws" in kinds or path.suffix == ".jsonl" or "_ws" in path.parts[len(folder.parts)]:
            for frame in frames_of(path):
                frames.add(frame)
        elif "csv" in kinds:
            for number, line in enumerate(lines(path)):
                if number < 40 and len(line) < 400:
                    rows.add(line)
        if path.suffix in PLAYED:
            name = str(path.relative_to(folder))
            data = path.read_bytes()
            if len(data) > LONGEST_FILE and path.suffix in (".bi5", ".xz", ".zip"):
                continue
            if len(data) > LONGEST_FILE:
                data = b"\n".join(line for _, line in zip(range(30), lines(path)))[:3000]
                name = name.removesuffix(".gz")
            (files / hashlib.sha1(data).hexdigest()).write_bytes(name.encode() + b"\n" + data)


if __name__ == "__main__":
    main()
