"""Command line and .env file."""

import argparse
import os
import pathlib
import re

from .terminal import Login


class BadOption(Exception):
    """A setting that cannot be used."""


def parse(arguments=None):
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tapedeck_mt5", description="Serves ticks, positions and deals of a MetaTrader 5 terminal.",
        epilog="The account and the token are set in the .env file; see .env.example.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8765, help="port to listen on (%(default)s)")
    parser.add_argument("--cert", help="PEM file of the certificate; with --key it switches TLS on")
    parser.add_argument("--key", help="PEM file of the certificate's key")
    parser.add_argument("--env", default=".env", help="file with MT5_USER and so on (%(default)s)")
    parser.add_argument("--state", default="state", help="folder for what clients have acknowledged (%(default)s)")
    parser.add_argument("--poll", type=int, default=50, metavar="MS", help="pause between looks (%(default)s ms)")
    parser.add_argument("--offset", type=offset_ms, metavar="+HH:MM",
                        help="how far the broker's clock is ahead of UTC; detected unless given")
    parser.add_argument("--verbose", action="store_true", help="log more")
    options = parser.parse_args(arguments)
    if bool(options.cert) != bool(options.key):
        parser.error("--cert and --key go together")
    if not 1 <= options.poll <= 10_000:
        parser.error("--poll is a number of milliseconds from 1 to 10000")
    return options


def offset_ms(text):
    """An offset such as +03:00, in milliseconds."""
    match = re.fullmatch(r"([+-])(\d{1,2}):(\d\d)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not an offset such as +03:00")
    sign = -1 if match[1] == "-" else 1
    return sign * (int(match[2]) * 60 + int(match[3])) * 60_000


def settings(path):
    """What the .env file says; the environment wins over it."""
    values = {}
    if pathlib.Path(path).exists():
        for number, line in enumerate(pathlib.Path(path).read_text(encoding="utf-8-sig").splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            name, found, value = line.partition("=")
            if not found:
                raise BadOption(f"{path}, line {number}: write NAME=value")
            value = value.strip()
            if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            values[name.strip()] = value
    names = ("MT5_USER", "MT5_PASSWORD", "MT5_SERVER", "MT5_PATH", "BRIDGE_TOKEN")
    return {name: os.environ.get(name, values.get(name, "")) for name in names}


def login(values):
    """How to reach the account."""
    user = values["MT5_USER"]
    if user and not user.isdigit():
        raise BadOption(f"MT5_USER is the account's number, not {user!r}")
    return Login(values["MT5_PATH"], int(user or 0), values["MT5_PASSWORD"], values["MT5_SERVER"])
