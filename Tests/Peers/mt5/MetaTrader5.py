"""A stand-in for the package of this name, with its function names, field names and types: a terminal whose state is a
function of the time. What happens when is known beforehand, so that a process that was killed finds the same terminal.

Tests in this process set `terminal`; for a process of its own, FAKE_MT5 names the file of a pickled `Terminal`.
"""

import collections
import os
import pickle
import time

import numpy

COPY_TICKS_ALL = -1
TICK_DTYPE = numpy.dtype([("time", "<i8"), ("bid", "<f8"), ("ask", "<f8"), ("last", "<f8"), ("volume", "<u8"),
                          ("time_msc", "<i8"), ("flags", "<u4"), ("volume_real", "<f8")])
Tick = collections.namedtuple("Tick", TICK_DTYPE.names)
AccountInfo = collections.namedtuple("AccountInfo", "login server currency balance")
TradePosition = collections.namedtuple(
    "TradePosition", "ticket time time_msc time_update time_update_msc type magic identifier reason volume price_open "
                     "sl tp price_current swap profit symbol comment external_id")
TradeDeal = collections.namedtuple(
    "TradeDeal", "ticket order time time_msc type entry magic position_id reason volume price commission swap profit "
                 "fee symbol comment external_id")


def seconds(moment):
    """What the package takes as a date: a whole number of seconds, or a datetime."""
    return int(moment.timestamp()) if hasattr(moment, "timestamp") else int(moment)


class Terminal:
    """What a terminal will show, and when. Times are UTC in milliseconds, except inside ticks, positions and deals."""

    def __init__(self):
        self.symbols = {}  # name: (UTC at which each tick appears, ticks), in the order of appearance
        self.positions = []  # (UTC from, UTC to or None, TradePosition)
        self.deals = []  # (UTC at which it appears, TradeDeal)
        self.outages = []  # (UTC from, to): no way to the terminal; it must be initialized again
        self.sorts_ticks = True  # False: history in the order in which ticks came, whatever their times
        self.refuses_login = False
        self.now = lambda: time.time_ns() // 1_000_000

    def __getstate__(self):
        return {name: value for name, value in self.__dict__.items() if name != "now"}

    def __setstate__(self, state):
        self.__init__()
        self.__dict__.update(state)

    def add_ticks(self, symbol, appear_ms, ticks):
        self.symbols[symbol] = numpy.asarray(appear_ms, dtype=numpy.int64), ticks

    def ticks_until(self, symbol, now):
        appear, ticks = self.symbols[symbol]
        return ticks[:numpy.searchsorted(appear, now, side="right")]


terminal = Terminal()
if os.environ.get("FAKE_MT5"):
    with open(os.environ["FAKE_MT5"], "rb") as file:
        terminal = pickle.load(file)
calls = collections.Counter()
_error = (1, "Success")
_since = None  # UTC at which it was initialized
_selected = set()


def _fail(code, text):
    global _error
    _error = (code, text)
    return None


def _is_reachable():
    global _error
    now = terminal.now()
    if _since is None or any(first < now and _since < last for first, last in terminal.outages):
        _fail(-10004, "No IPC connection")
        return False
    _error = (1, "Success")
    return True


def initialize(path=None, *, login=None, password=None, server=None, timeout=None, portable=False):
    global _since
    calls["initialize"] += 1
    now = terminal.now()
    if any(first <= now < last for first, last in terminal.outages):
        _fail(-10005, "IPC timeout")
        return False
    if terminal.refuses_login:
        _fail(-6, "Terminal: Authorization failed")
        return False
    _since = now
    return True


def shutdown():
    global _since
    _since = None
    _selected.clear()


def last_error():
    return _error


def account_info():
    return AccountInfo(1234567, "Fake-Demo", "EUR", 10_000.0) if _is_reachable() else None


def symbol_select(symbol, enable=True):
    if not _is_reachable():
        return False
    if symbol not in terminal.symbols:
        _fail(-1, "Terminal: Call failed")
        return False
    _selected.add(symbol)
    return True


def symbol_info_tick(symbol):
    calls["symbol_info_tick"] += 1
    if not _is_reachable():
        return None
    if symbol not in _selected:
        return _fail(-4, "Terminal: Not found")
    ticks = terminal.ticks_until(symbol, terminal.now())
    return Tick(*ticks[-1].tolist()) if len(ticks) else Tick(0, 0.0, 0.0, 0.0, 0, 0, 0, 0.0)


def copy_ticks_from(symbol, date_from, count, flags):
    calls["copy_ticks_from"] += 1
    if not _is_reachable():
        return None
    if symbol not in _selected:
        return _fail(-4, "Terminal: Not found")
    ticks = terminal.ticks_until(symbol, terminal.now())
    if terminal.sorts_ticks:
        ticks = ticks[numpy.argsort(ticks["time_msc"], kind="stable")]
    return ticks[ticks["time_msc"] >= seconds(date_from) * 1000][:count].copy()


def positions_get():
    if not _is_reachable():
        return None
    now = terminal.now()
    return tuple(position for first, last, position in terminal.positions if first <= now and (last is None or now < last))


def history_deals_get(date_from=None, date_to=None, *, position=None):
    if not _is_reachable():
        return None
    if position is not None:
        return tuple(deal for appears, deal in terminal.deals if appears <= terminal.now() and deal.position_id == position)
    now, first, last = terminal.now(), seconds(date_from), seconds(date_to)
    return tuple(deal for appears, deal in terminal.deals if appears <= now and first <= deal.time <= last)
