"""Starts the bridge: `python -m tapedeck_mt5`."""

import asyncio
import logging
import signal
import sys

from . import options as command_line
from .clock import BrokerClock
from .server import Refusal, Server


async def serve(server):
    """Serves until Ctrl-C or a request to end."""
    task = asyncio.current_task()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)
        except NotImplementedError:
            pass  # Windows: Ctrl-C comes as KeyboardInterrupt.
    try:
        await server.run()
    except asyncio.CancelledError:
        pass


def main():
    options = command_line.parse()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr,
                        level=logging.DEBUG if options.verbose else logging.INFO)
    logging.getLogger("websockets").setLevel(logging.WARNING)
    try:
        values = command_line.settings(options.env)
        options.token = values["BRIDGE_TOKEN"]
        login = command_line.login(values)
        try:
            import MetaTrader5 as mt5
        except ImportError:
            sys.exit("The package MetaTrader5 is missing: pip install -r requirements.txt (64-bit Python on Windows)")
        asyncio.run(serve(Server(options, mt5, login, BrokerClock(options.offset))))
    except KeyboardInterrupt:
        pass
    except (Refusal, command_line.BadOption, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
