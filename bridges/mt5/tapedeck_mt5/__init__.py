"""A WebSocket server beside a MetaTrader 5 terminal: every tick, position and deal, once, in order.

The protocol is described in docs/feeds/mt5-protocol.md.
"""

VERSION = "1.0"
PROTOCOL = 1
