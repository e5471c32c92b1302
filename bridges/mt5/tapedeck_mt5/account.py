"""Positions as they open, change and close, and deals, each once."""

import collections
import dataclasses
import logging

from .clock import HOUR_MS

log = logging.getLogger("tapedeck_mt5")

POSITION_FIELDS = ("ticket", "time_msc", "time_update_msc", "type", "magic", "identifier", "reason", "volume",
                   "price_open", "sl", "tp", "price_current", "swap", "profit", "symbol", "comment", "external_id")
DEAL_FIELDS = ("ticket", "order", "time_msc", "type", "entry", "magic", "position_id", "reason", "volume", "price",
               "commission", "swap", "profit", "fee", "symbol", "comment", "external_id")
# What changes with every tick; sent at most once a second.
VALUATION = ("price_current", "swap", "profit")
VALUATION_MS = 1_000
# Deals are looked for once a second, and at once when a position opened, changed its volume or closed.
DEALS_MS = 1_000
# Deals may appear in the terminal after later ones; so far back they are looked for again.
OVERLAP_MS = HOUR_MS
DAY_S = 86_400
# DEAL_ENTRY_IN; DEAL_ENTRY_OUT and DEAL_ENTRY_OUT_BY. A reversal (DEAL_ENTRY_INOUT) leaves the position open.
OPENING = 0
CLOSING = (1, 3)
# So long the end of a position waits for the deal that closed it, and for the one that opened it where nothing else tells
# what the position was.
ENDING_MS = 60_000


@dataclasses.dataclass
class AccountState:
    """What a client has: the deals up to a moment (UTC in ms) with those shortly before it, and the open positions."""

    deals_ms: int
    deals: dict = dataclasses.field(default_factory=dict)  # ticket: UTC in ms
    positions: list = dataclasses.field(default_factory=list)  # tickets

    def to_json(self):
        return {"deals_ms": self.deals_ms, "deals": list(self.deals.items()), "positions": self.positions}

    @classmethod
    def from_json(cls, state):
        return cls(int(state["deals_ms"]), {int(ticket): int(time) for ticket, time in state["deals"]},
                   [int(ticket) for ticket in state["positions"]])


@dataclasses.dataclass
class Changes:
    """What one look found, and what the client has once it has taken it."""

    positions: list
    deals: list
    state: AccountState


class AccountWatch:
    """Compares the account with what a client has."""

    def __init__(self, clock, state):
        self._clock = clock
        self._deals_ms, self._seen = state.deals_ms, dict(state.deals)
        # Positions that the client knows; None as long as only the ticket is known.
        self._known = {ticket: None for ticket in state.positions}
        # Positions whose end was told, so that a late deal does not tell it again.
        self._ended = collections.deque(maxlen=1_000)
        # Positions that are gone, with the time since when.
        self._gone = {}
        self._valued_ms = 0
        self._deals_read_ms = 0

    def look(self, calls, now_ms):
        """The changes since the last look, or None. `calls` has `positions`, `deals` and `deals_of`."""
        current = {position.ticket: position for position in calls.positions()}
        opened = [ticket for ticket in current if ticket not in self._known]
        updated = [ticket for ticket, position in current.items()
                   if ticket in self._known and self._differs(self._known[ticket], position, VALUATION)]
        for ticket in self._known:
            if ticket not in current:
                self._gone.setdefault(ticket, now_ms)
        deals = []
        if opened or updated or self._gone or now_ms - self._deals_read_ms >= DEALS_MS:
            deals = self._new_deals(calls, now_ms)
            self._deals_read_ms = now_ms
        for deal in deals:
            # Also positions that opened and closed between two looks.
            if deal.entry in CLOSING and deal.position_id not in current and deal.position_id not in self._ended:
                self._gone.setdefault(deal.position_id, now_ms)
        if now_ms - self._valued_ms >= VALUATION_MS:
            self._valued_ms = now_ms
            updated += [ticket for ticket, position in current.items() if ticket in self._known
                        and ticket not in updated and self._differs(self._known[ticket], position, ())]
        broker_ms = self._clock.to_broker(now_ms)
        rows = [self._row("opened", current[ticket], current[ticket].time_msc) for ticket in opened]
        rows += [self._row("updated", current[ticket], self._update_time(current[ticket], broker_ms))
                 for ticket in updated]
        for ticket in opened + updated:
            self._known[ticket] = current[ticket]
        rows += self._endings(calls, now_ms)
        if not (rows or deals):
            return None
        # Those whose end is still to be told belong to what the client has.
        state = AccountState(self._deals_ms, dict(self._seen), list(self._known | self._gone))
        return Changes([self._in_utc(row) for row in rows], [self._deal(deal) for deal in deals], state)

    @staticmethod
    def _differs(before, after, ignored):
        if before is None:
            return True
        return any(getattr(before, name) != getattr(after, name) for name in POSITION_FIELDS if name not in ignored)

    def _new_deals(self, calls, now_ms):
        first = self._clock.to_broker(max(0, self._deals_ms - OVERLAP_MS)) // 1000
        last = self._clock.to_broker(now_ms) // 1000 + DAY_S
        deals = []
        for deal in sorted(calls.deals(first, last), key=lambda deal: (deal.time_msc, deal.ticket)):
            utc_ms = self._clock.to_utc(deal.time_msc)[1]
            if deal.ticket in self._seen or utc_ms < self._deals_ms - OVERLAP_MS:
                continue
            self._seen[deal.ticket] = utc_ms
            deals.append(deal)
        if self._seen:
            self._deals_ms = max(self._deals_ms, max(self._seen.values()))
            kept = self._deals_ms - OVERLAP_MS
            self._seen = {ticket: time for ticket, time in self._seen.items() if time >= kept}
        return deals

    def _update_time(self, position, broker_ms):
        before = self._known[position.ticket]
        is_modified = before is None or before.time_update_msc != position.time_update_msc
        return position.time_update_msc if is_modified else broker_ms

    @staticmethod
    def _row(change, position, event_ms):
        row = {"change": change, "event_msc": event_ms}
        row.update((name, getattr(position, name)) for name in POSITION_FIELDS)
        return row

    def _endings(self, calls, now_ms):
        """Positions that closed, told once the deal that closed them is there, which may be a little later."""
        rows = []
        for ticket, since_ms in list(self._gone.items()):
            row = self._ending(ticket, calls.deals_of(ticket), self._clock.to_broker(now_ms))
            if ("time_msc" not in row or "deal" not in row) and now_ms - since_ms < ENDING_MS:
                continue
            del self._gone[ticket]
            self._known.pop(ticket, None)
            self._ended.append(ticket)
            if "time_msc" in row:
                rows.append(row)
            else:
                log.warning("position %d closed, and the terminal does not show the deal that opened it", ticket)
        return rows

    def _ending(self, ticket, deals, broker_ms):
        """What is known of a position and its deals."""
        deals = sorted(deals, key=lambda deal: (deal.time_msc, deal.ticket))
        first = next((deal for deal in deals if deal.entry == OPENING), None)
        closing = [deal for deal in deals if deal.entry in CLOSING]
        row = {"change": "closed", "ticket": ticket, "event_msc": broker_ms}
        if self._known.get(ticket) is not None:
            row = self._row("closed", self._known[ticket], broker_ms)
        elif first is not None:
            row.update(time_msc=first.time_msc, type=first.type, magic=first.magic, identifier=ticket,
                       reason=first.reason, volume=first.volume, price_open=first.price, sl=0.0, tp=0.0,
                       price_current=first.price, swap=0.0, profit=0.0, symbol=first.symbol, comment=first.comment,
                       external_id=first.external_id)
        if closing:
            last = closing[-1]
            # Sums of binary fractions are rounded to what money has.
            row.update(event_msc=last.time_msc, time_update_msc=last.time_msc, price_current=last.price,
                       profit=round(sum(deal.profit for deal in closing), 8),
                       swap=round(sum(deal.swap for deal in closing), 8), deal=last.ticket)
        return row

    def _in_utc(self, row):
        """Adds what the row's times are in UTC: they may be of another season than now."""
        row["event_utc_msc"] = self._clock.to_utc(row["event_msc"])[1]
        row["offset_s"] = (row["event_msc"] - row["event_utc_msc"]) // 1000
        if "time_msc" in row:
            row["open_utc_msc"] = self._clock.to_utc(row["time_msc"])[1]
        return row

    def _deal(self, deal):
        row = {name: getattr(deal, name) for name in DEAL_FIELDS}
        row["utc_msc"] = self._clock.to_utc(deal.time_msc)[1]
        row["offset_s"] = (deal.time_msc - row["utc_msc"]) // 1000
        return row
