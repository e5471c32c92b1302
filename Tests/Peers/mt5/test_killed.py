"""A bridge in a process of its own, killed at random instants."""

import asyncio
import contextlib
import os
import pathlib
import pickle
import random
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import websockets

import market
from test_server import OFFSET, Client, all_ticks, live_terminal, utc_ms


class KilledBridgeTests(unittest.IsolatedAsyncioTestCase):
    async def test_killed_at_random_instants_it_loses_and_renumbers_nothing(self):
        made, end = live_terminal(6, seed=3, symbols=("EURUSD", "XAUUSD"))
        now = utc_ms()
        rng = random.Random(9)
        for ticket in range(1, 25):
            opened = now + rng.randrange(200, 5_000)
            market.trade(made, ticket, opened, opened + rng.randrange(10, 1_500), OFFSET)
        client, wanted = Client(), all_ticks(made)
        with tempfile.TemporaryDirectory(prefix="mt5-killed-") as folder:
            state = pathlib.Path(folder, "terminal.pickle")
            state.write_bytes(pickle.dumps(made))
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            environment = dict(os.environ, FAKE_MT5=str(state))
            arguments = ["--port", str(port), "--state", folder, "--offset", "+02:00", "--poll", "5", "--env", os.devnull]

            async def follow():
                """A client that comes back until it has everything."""
                while utc_ms() < end + 15_000:
                    with contextlib.suppress(OSError, websockets.WebSocketException):
                        await client.run(f"ws://127.0.0.1:{port}/", {"symbols": ["EURUSD", "XAUUSD"], "account": True,
                                          "history_s": 60},
                                         until=lambda client: len(client.ticks) == len(wanted)
                                         and len(client.deals()) == len(made.deals))
                        return
                    await asyncio.sleep(0.05)

            following, kills = asyncio.create_task(follow()), 0
            while not following.done():
                bridge = subprocess.Popen([sys.executable, "-m", "tapedeck_mt5", *arguments], env=environment,
                                          stderr=subprocess.DEVNULL)
                try:
                    await asyncio.wait((following,), timeout=30 if utc_ms() > end else rng.uniform(0.4, 1.6))
                finally:
                    bridge.send_signal(signal.SIGKILL)
                    bridge.wait()
                kills += 1
        closed = {row["ticket"] for frame in client.frames for row in frame.get("positions", [])
                  if row["change"] == "closed"}
        self.assertGreater(kills, 3)
        self.assertEqual({key: wanted[key] for key in wanted if key not in client.ticks}, {})
        self.assertEqual(client.ticks, wanted)
        self.assertEqual(client.deals(), {deal.ticket for _, deal in made.deals})
        self.assertEqual(closed, set(range(1, 25)))


if __name__ == "__main__":
    unittest.main()
