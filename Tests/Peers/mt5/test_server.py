"""The bridge as clients see it: real sockets, the fake terminal behind."""

import asyncio
import contextlib
import json
import logging
import random
import tempfile
import time
import types
import unittest

import websockets
from websockets.asyncio.client import connect

import MetaTrader5 as fake
import market
from tapedeck_mt5 import server, session, terminal
from tapedeck_mt5.clock import BrokerClock

HOUR = 3_600_000
OFFSET = 2 * HOUR


def utc_ms():
    return time.time_ns() // 1_000_000


def live_terminal(seconds, seed=1, symbols=("EURUSD",), every_ms=20):
    """A terminal on which ticks appear from now on."""
    made, rng, start = fake.Terminal(), random.Random(seed), utc_ms() + 200
    for symbol in symbols:
        rows, now = [], 0
        while now < seconds * 1000:
            rows.append((now, 1 + len(rows) / 1e5, 1.0002 + len(rows) / 1e5))
            now += rng.choice([0, 0, 1, rng.randrange(2 * every_ms)])
        made.add_ticks(symbol, [start + row[0] for row in rows], market.ticks(rows, start + OFFSET))
    return made, start + seconds * 1000


class Client:
    """What a client keeps: frames in order, and ticks by identity."""

    def __init__(self):
        self.ticks, self.frames, self.repeated = {}, [], 0

    async def run(self, url, subscribe, acknowledges=True, until=lambda client: False, **more):
        async with connect(url, max_size=None, **more) as link:
            await link.send(json.dumps({"type": "subscribe", **subscribe}))
            expected = 1
            async for text in link:
                message = json.loads(text)
                assert message["seq"] == expected, (message["seq"], expected)
                expected += 1
                self.take(message)
                if acknowledges:
                    await link.send(json.dumps({"type": "ack", "seq": message["seq"]}))
                if until(self):
                    return

    def take(self, message):
        self.frames.append(message)
        for time_ms, place, bid, *_ in message.get("ticks", []):
            identity = (message["symbol"], time_ms - message["offset_s"] * 1000, place)
            self.repeated += identity in self.ticks
            self.ticks[identity] = bid

    def deals(self):
        """Tickets of all deals."""
        return {deal["ticket"] for frame in self.frames for deal in frame.get("deals", [])}

    def kinds(self):
        return [frame["type"] for frame in self.frames]


def all_ticks(made):
    """Every tick of a terminal by identity."""
    found = {}
    for symbol, (_, ticks) in made.symbols.items():
        places = {}
        for tick in ticks.tolist():
            places[tick[5]] = places.get(tick[5], -1) + 1
            found[symbol, tick[5] - OFFSET, places[tick[5]]] = tick[1]
    return found


class ServerTests(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        logging.disable(logging.CRITICAL)
        self.folder = tempfile.TemporaryDirectory(prefix="mt5-bridge-")
        self.addCleanup(self.folder.cleanup)
        self.addCleanup(logging.disable, logging.NOTSET)

    @contextlib.asynccontextmanager
    async def bridge(self, made, offset=OFFSET, **changes):
        fake.terminal = made
        fake.shutdown()
        fake.calls.clear()
        values = dict(host="127.0.0.1", port=0, cert=None, key=None, token="", state=self.folder.name, poll=20)
        port = asyncio.get_running_loop().create_future()
        running = server.Server(types.SimpleNamespace(**{**values, **changes}), fake, terminal.Login(),
                                BrokerClock(offset, agreeing_ms=500))
        task = asyncio.create_task(running.run(port.set_result))
        await asyncio.wait((task, port), return_when=asyncio.FIRST_COMPLETED)
        try:
            if task.done():
                task.result()
            yield f"ws://127.0.0.1:{port.result()}/?client=test"
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task

    async def test_every_tick_of_many_symbols_comes_once(self):
        symbols = tuple(f"S{number}" for number in range(20))
        made, _ = live_terminal(2, symbols=symbols)
        client, wanted = Client(), all_ticks(made)
        async with self.bridge(made) as url:
            await asyncio.wait_for(client.run(url, {"symbols": list(symbols), "history_s": 5},
                                              until=lambda client: len(client.ticks) == len(wanted)), 20)
        self.assertEqual((client.ticks, client.repeated), (wanted, 0))
        self.assertEqual(client.kinds()[0], "hello")
        self.assertEqual((client.frames[0]["server"], client.frames[0]["currency"]), ("Fake-Demo", "EUR"))

    async def test_the_offset_is_detected_and_what_came_before_is_sent_then(self):
        made, _ = live_terminal(4)
        client, wanted = Client(), all_ticks(made)
        async with self.bridge(made, offset=None) as url:
            await asyncio.wait_for(client.run(url, {"symbols": ["EURUSD"], "history_s": 5},
                                              until=lambda client: len(client.ticks) == len(wanted)), 20)
        clocks = [frame for frame in client.frames if frame["type"] == "clock"]
        self.assertEqual([clock["state"] for clock in clocks], ["unknown", "detected"])
        self.assertEqual((clocks[1]["offset_s"], client.ticks), (7_200, wanted))

    async def test_a_lost_connection_goes_on_behind_what_was_acknowledged(self):
        made, _ = live_terminal(3, symbols=("EURUSD", "XAUUSD"))
        client, wanted, rng = Client(), all_ticks(made), random.Random(2)
        async with self.bridge(made) as url:
            while len(client.ticks) < len(wanted):
                goal = len(client.frames) + rng.randrange(1, 30)
                await asyncio.wait_for(client.run(
                    url, {"symbols": ["EURUSD", "XAUUSD"], "history_s": 5},
                    until=lambda client: len(client.frames) >= goal or len(client.ticks) == len(wanted)), 20)
        self.assertEqual(client.ticks, wanted)

    async def test_a_client_that_does_not_acknowledge_gets_the_same_again(self):
        made, end = live_terminal(1)
        client, again, wanted = Client(), Client(), all_ticks(made)
        async with self.bridge(made) as url:
            for one in (client, again):
                await asyncio.wait_for(one.run(url, {"symbols": ["EURUSD"], "history_s": 5}, acknowledges=False,
                                               until=lambda client: len(client.ticks) == len(wanted)), 20)
        self.assertEqual((client.ticks, again.ticks), (wanted, wanted))

    async def test_a_slow_client_bounds_the_bridge_and_loses_nothing(self):
        made = fake.Terminal()
        start = utc_ms() - 600_000
        rows = [(index, 1 + index / 1e6, 2.0) for index in range(400_000)]
        made.add_ticks("EURUSD", [start] * len(rows), market.ticks(rows, start + OFFSET))
        client, wanted = Client(), all_ticks(made)
        window, session.WINDOW = session.WINDOW, 5
        self.addCleanup(setattr, session, "WINDOW", window)
        async with self.bridge(made) as url:
            async with connect(url, max_size=None, max_queue=1) as link:
                await link.send(json.dumps({"type": "subscribe", "symbols": ["EURUSD"], "history_s": 3_600}))
                sent, before = 0, -1
                while sent != before:
                    await asyncio.sleep(1.5)
                    sent, before = fake.calls["copy_ticks_from"], sent
                # Nothing was acknowledged: nothing more is read.
                self.assertLess(sent, 50)
                async for text in link:
                    message = json.loads(text)
                    client.take(message)
                    await link.send(json.dumps({"type": "ack", "seq": message["seq"]}))
                    if len(client.ticks) == len(wanted):
                        break
        self.assertEqual((client.ticks, client.repeated), (wanted, 0))

    async def test_a_terminal_that_goes_away_is_brought_back(self):
        made, _ = live_terminal(4)
        now = utc_ms()
        made.outages = [(now + 800, now + 1_900), (now + 2_600, now + 2_700)]
        client, wanted = Client(), all_ticks(made)
        wait, terminal.Terminal.__init__.__defaults__ = terminal.Terminal.__init__.__defaults__, (0.2,)
        self.addCleanup(setattr, terminal.Terminal.__init__, "__defaults__", wait)
        async with self.bridge(made) as url:
            await asyncio.wait_for(client.run(url, {"symbols": ["EURUSD"], "history_s": 5},
                                              until=lambda client: len(client.ticks) == len(wanted)), 20)
        states = [(frame["connected"], frame["code"]) for frame in client.frames if frame["type"] == "terminal"]
        self.assertEqual((client.ticks, client.repeated), (wanted, 0))
        self.assertIn(states[0], [(False, -10004), (False, -10005)])
        self.assertEqual(states[-1], (True, 1))

    async def test_trades_are_told_and_not_repeated_after_a_reconnect(self):
        made, _ = live_terminal(1)
        now = utc_ms()
        market.trade(made, 1, now + 300, now + 900, OFFSET)
        market.trade(made, 2, now + 600, None, OFFSET)
        client = Client()

        async with self.bridge(made) as url:
            await asyncio.wait_for(client.run(url, {"account": True}, until=lambda client: len(client.deals()) == 1), 10)
            await asyncio.sleep(0.8)
            await asyncio.wait_for(client.run(url, {"account": True}, until=lambda client: len(client.deals()) == 3), 10)
            quiet = Client()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(quiet.run(url, {"account": True}), 1.5)
        self.assertEqual(sorted(client.deals()), [2, 3, 4])
        # The client left before it could acknowledge the last frame, or after: at most that one comes again.
        self.assertLessEqual(len(quiet.deals()), 1)

    async def test_a_symbol_that_is_not_there_is_an_error_and_harms_no_other(self):
        made, _ = live_terminal(1)
        client, wanted = Client(), all_ticks(made)
        async with self.bridge(made) as url:
            await asyncio.wait_for(client.run(url, {"symbols": ["NOPE", "EURUSD"], "history_s": 5},
                                              until=lambda client: len(client.ticks) == len(wanted)), 20)
        errors = [frame for frame in client.frames if frame["type"] == "error"]
        self.assertEqual([(error["code"], error["symbol"]) for error in errors], [("symbol", "NOPE")])
        self.assertIn("symbol_select NOPE", errors[0]["message"])

    async def test_nonsense_is_answered_in_words(self):
        made, _ = live_terminal(1)
        nonsense = ["{", "[]", '{"type":"dance"}', '{"type":"ack","seq":999999}', '{"type":"ack","seq":"1"}',
                    '{"type":"subscribe","symbols":"EURUSD"}', '{"type":"subscribe","history_s":-1}', "\ud7ff"]
        async with self.bridge(made) as url:
            async with connect(url) as link:
                for text in nonsense:
                    await link.send(text)
                errors = []
                while len(errors) < len(nonsense):
                    message = json.loads(await asyncio.wait_for(link.recv(), 5))
                    errors += [message["message"]] if message["type"] == "error" else []
        self.assertIn("known are subscribe", errors[2])
        self.assertIn("seq is not the number", errors[3])

    async def test_the_second_connection_of_a_name_replaces_the_first(self):
        made, _ = live_terminal(1)
        async with self.bridge(made) as url:
            async with connect(url) as first, connect(url) as second:
                with self.assertRaises(websockets.ConnectionClosed) as caught:
                    while True:
                        await asyncio.wait_for(first.recv(), 5)
                self.assertEqual(caught.exception.rcvd.code, server.REPLACED)
                self.assertEqual(json.loads(await second.recv())["type"], "hello")

    async def test_who_does_not_know_the_token_is_refused(self):
        made, _ = live_terminal(1)
        async with self.bridge(made, token="correct horse") as url:
            for given, headers in [("", {}), ("&token=wrong", {}), ("", {"Authorization": "Bearer wrong"})]:
                with self.assertRaises(websockets.InvalidStatus) as caught:
                    await connect(url + given, additional_headers=headers)
                self.assertEqual(caught.exception.response.status_code, 401)
            for given, headers in [("&token=correct+horse", {}), ("", {"Authorization": "Bearer correct horse"})]:
                async with connect(url + given, additional_headers=headers) as link:
                    self.assertEqual(json.loads(await link.recv())["type"], "hello")

    async def test_beyond_this_machine_it_wants_tls_and_a_token(self):
        made, _ = live_terminal(1)
        for host, changes, words in [("0.0.0.0", {}, "--cert"), ("0.0.0.0", {"token": "x"}, "--cert"),
                                     ("192.0.2.1", {"cert": "a.pem", "key": "b.pem"}, "BRIDGE_TOKEN")]:
            with self.assertRaises(server.Refusal) as caught:
                async with self.bridge(made, host=host, **changes):
                    pass
            self.assertIn(words, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
