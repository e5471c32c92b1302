#!/usr/bin/env python3
"""A venue in the manner of Binance that can be killed at any moment: what it ever traded follows from the clock alone.

  reconnect_venue.py PORT START_MS RATE SYMBOLS END_MS

Trade N of a symbol, counted from 1, happens at START + N x SYMBOLS / RATE. Streams and history have the same port.
"""

import asyncio
import base64
import hashlib
import json
import sys
import time
import urllib.parse

PORT, START_MS, RATE, SYMBOLS, END_MS = (int(text) for text in sys.argv[1:6])
STEP_S = 0.01


def last_number(now_ms):
    """The latest trade of every symbol."""
    return max(0, (min(now_ms, END_MS) - START_MS) * RATE // (1000 * SYMBOLS))


def time_ms(number):
    return START_MS + number * 1000 * SYMBOLS // RATE


def price(number):
    return f"{100 + number % 997 / 100:.2f}"


def message(symbol, number):
    side = "true" if number % 3 else "false"
    text = (f'{{"stream":"s{symbol:02}@trade","data":{{"e":"trade","E":{time_ms(number)},"s":"S{symbol:02}","t":{number},'
            f'"p":"{price(number)}","q":"{number % 7 + 1}","T":{time_ms(number)},"m":{side},"M":true}}}}').encode()
    return (bytes([0x81, len(text)]) if len(text) < 126 else b"\x81\x7e" + len(text).to_bytes(2, "big")) + text


def history(query):
    """`/api/v3/historicalTrades`: from a number on."""
    first, limit = int(query["fromId"][0]), int(query.get("limit", ["500"])[0])
    last = min(last_number(time.time() * 1000), first + min(limit, 1000) - 1)
    return json.dumps([
        {"id": number, "price": price(number), "qty": str(number % 7 + 1), "quoteQty": "1", "time": time_ms(number),
         "isBuyerMaker": bool(number % 3), "isBestMatch": True}
        for number in range(int(first), int(last) + 1)]).encode()


async def stream(reader, writer):
    """Sends what is traded from now on. Of what comes only pings are answered."""

    async def listen():
        while True:
            head = await reader.readexactly(2)
            length = head[1] & 0x7f
            if length >= 126:
                length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
            mask, payload = await reader.readexactly(4), await reader.readexactly(length)
            if head[0] == 0x89:
                writer.write(bytes([0x8a, length]) + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload)))

    reading = asyncio.create_task(listen())
    # The latest trade comes again at the start, so that a client that is late for the end knows what it lacks.
    sent = max(0, last_number(time.time() * 1000) - 1)
    try:
        while not reading.done():
            last = last_number(time.time() * 1000)
            if last > sent:
                # The numbers of a symbol rise; symbols are mixed.
                writer.write(b"".join(
                    message(symbol, number) for number in range(int(sent) + 1, int(last) + 1) for symbol in range(SYMBOLS)))
                sent = last
                await writer.drain()
            await asyncio.sleep(STEP_S)
    finally:
        reading.cancel()


async def serve(reader, writer):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split(" ")[1]
        headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head.split("\r\n")[1:]}
        if "sec-websocket-key" in headers:
            key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
            writer.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode())
            await stream(reader, writer)
        else:
            body = history(urllib.parse.parse_qs(target.partition("?")[2]))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", PORT)
    async with server:
        await server.serve_forever()


asyncio.run(main())
