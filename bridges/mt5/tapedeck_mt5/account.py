"""Positions as they open, change and close, and deals, each once."""

import dataclasses

from .clock import HOUR_MS

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
# DEAL_ENTRY_OUT, DEAL_ENTRY_INOUT, DEAL_ENTRY_OUT_BY.
CLOSING = (1, 2, 3)


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
        self._valued_ms = 0
        self._deals_read_ms = 0

    def look(self, positions_get, history_deals_get, now_ms):
        """The changes since the last look, or None. The two functions are those of the MetaTrader5 package."""
        current = {position.ticket: position for position in positions_get()}
        opened = [ticket for ticket in current if ticket not in self._known]
        closed = [ticket for ticket in self._known if ticket not in current]
        updated = [ticket for ticket, position in current.items()
                   if ticket in self._known and self._differs(self._known[ticket], position, VALUATION)]
        deals = []
        if opened or closed or updated or now_ms - self._deals_read_ms >= DEALS_MS:
            deals = self._new_deals(history_deals_get, now_ms)
            self._deals_read_ms = now_ms
            closed += self._closed_unseen(deals, current, closed)
        if now_ms - self._valued_ms >= VALUATION_MS:
            self._valued_ms = now_ms
            updated += [ticket for ticket, position in current.items() if ticket in self._known
                        and ticket not in updated and self._differs(self._known[ticket], position, ())]
        if not (opened or closed or updated or deals):
            return None
        broker_ms = self._clock.to_broker(now_ms)
        rows = [self._row("opened", current[ticket], current[ticket].time_msc) for ticket in opened]
        rows += [self._row("updated", current[ticket], self._update_time(current[ticket], broker_ms))
                 for ticket in updated]
        rows += [self._closing(ticket, deals, broker_ms) for ticket in closed]
        for ticket in opened + updated:
            self._known[ticket] = current[ticket]
        for ticket in closed:
            self._known.pop(ticket, None)
        state = AccountState(self._deals_ms, dict(self._seen), list(self._known))
        return Changes([self._in_utc(row) for row in rows], [self._deal(deal) for deal in deals], state)

    @staticmethod
    def _differs(before, after, ignored):
        if before is None:
            return True
        return any(getattr(before, name) != getattr(after, name) for name in POSITION_FIELDS if name not in ignored)

    def _new_deals(self, history_deals_get, now_ms):
        first = self._clock.to_broker(max(0, self._deals_ms - OVERLAP_MS)) // 1000
        last = self._clock.to_broker(now_ms) // 1000 + DAY_S
        deals = []
        for deal in sorted(history_deals_get(first, last), key=lambda deal: (deal.time_msc, deal.ticket)):
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

    @staticmethod
    def _closed_unseen(deals, current, closed):
        """Positions that opened and closed between two looks."""
        tickets = dict.fromkeys(deal.position_id for deal in deals if deal.entry in CLOSING and deal.position_id)
        return [ticket for ticket in tickets if ticket not in current and ticket not in closed]

    def _update_time(self, position, broker_ms):
        before = self._known[position.ticket]
        is_modified = before is None or before.time_update_msc != position.time_update_msc
        return position.time_update_msc if is_modified else broker_ms

    @staticmethod
    def _row(change, position, event_ms):
        row = {"change": change, "event_msc": event_ms}
        row.update((name, getattr(position, name)) for name in POSITION_FIELDS)
        return row

    def _closing(self, ticket, deals, broker_ms):
        """The end of a position: what is known of it, with time, price and profit of the deal that closed it."""
        position = self._known.get(ticket)
        row = {"change": "closed", "event_msc": broker_ms, "ticket": ticket}
        if position is not None:
            row = self._row("closed", position, broker_ms)
        last = next((deal for deal in reversed(deals) if deal.position_id == ticket and deal.entry in CLOSING), None)
        if last is not None:
            row.update(event_msc=last.time_msc, symbol=last.symbol, price_current=last.price, profit=last.profit,
                       swap=last.swap, deal=last.ticket)
            # The closing deal goes the other way: a sale closes a position that was bought.
            row.setdefault("type", 1 - last.type if last.type in (0, 1) else last.type)
            row.setdefault("volume", last.volume)
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
