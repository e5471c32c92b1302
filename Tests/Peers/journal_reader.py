"""Reads a journal as docs/journal-format.md describes it, with none of the program's code."""

import pathlib
import struct

import pyarrow

DATA, BEGIN, END, HEARTBEAT, DEFINE = range(5)
BLOCK_HEADER = struct.Struct("<4sBBHIIIIqqqqII")
RECORD_HEADER = struct.Struct("<IIqHBB")
lz4 = pyarrow.Codec("lz4_raw")


class Block:
    """A block's place in its file and what its header says."""

    def __init__(self, path, position, header):
        self.path, self.position = path, position
        (_, self.codec, self.flags, _, self.stored, self.raw, self.records, _, self.first, self.durable) = header[:10]
        self.end = position + (64 + self.stored + 7) // 8 * 8

    def body(self, content):
        stored = content[self.position + 64:self.position + 64 + self.stored]
        return bytes(stored) if self.codec == 0 else lz4.decompress(stored, self.raw, asbytes=True)


def segments(folder):
    return sorted(pathlib.Path(folder).glob("*.journal"))


def blocks(path):
    """The blocks of a segment up to the first place that is none, with the file's content."""
    content = memoryview(path.read_bytes())
    if len(content) < 44:
        return
    position = struct.unpack_from("<I", content, 12)[0]
    while position + 64 <= len(content) and bytes(content[position:position + 4]) == b"TBLK":
        block = Block(path, position, BLOCK_HEADER.unpack_from(content, position))
        if position + 64 + block.stored > len(content):
            return
        yield block, content
        position = block.end


def last_block(folder):
    """The last block of a journal that holds records."""
    found = None
    for path in segments(folder):
        for block, _ in blocks(path):
            if block.records:
                found = block
    return found


def records(folder):
    """All records: offset, kind, feed, receive time in nanoseconds, payload."""
    paths = segments(folder)
    starts = [int(path.name[:20]) for path in paths]
    for path, limit in zip(paths, starts[1:] + [None]):
        for block, content in blocks(path):
            if limit is not None and block.first >= limit:
                break
            body, position = block.body(content), 0
            for index in range(block.records):
                _, length, time, feed, kind, _ = RECORD_HEADER.unpack_from(body, position)
                yield block.first + index, kind, feed, time, body[position + 20:position + 20 + length]
                position += 20 + length
