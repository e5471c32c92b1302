"""One-minute bars with SMA(20), RSI(14) and ATR(14) in NautilusTrader's engine: `bars_nautilus.py FRAMES ROWS`.

Frames are decoded with orjson into its trade ticks (counted), the backtest engine feeds them to its time bar aggregators
and indicators in order of arrival. A late trade goes into the bar that is open when it arrives.
"""

import sys
from itertools import islice

import orjson
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.indicators import AverageTrueRange, RelativeStrengthIndex, SimpleMovingAverage
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BarType, TradeTick
from nautilus_trader.model.enums import AccountType, AggressorSide, OmsType
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

from frames import lines
from meter import Meter

VENUE = Venue("SIM")


class Bars(Strategy):
    def __init__(self, instruments):
        super().__init__(StrategyConfig())
        self.instruments = instruments
        self.count, self.volume = 0, 0.0

    def on_start(self):
        for instrument in self.instruments:
            bar_type = BarType.from_str(f"{instrument}-1-MINUTE-LAST-INTERNAL")
            for indicator in (SimpleMovingAverage(20), RelativeStrengthIndex(14), AverageTrueRange(14)):
                self.register_indicator_for_bars(bar_type, indicator)
            self.subscribe_bars(bar_type)

    def on_bar(self, bar):
        self.count += 1
        self.volume += float(bar.volume)


def equity(identifier):
    return Equity(
        instrument_id=identifier,
        raw_symbol=identifier.symbol,
        currency=USD,
        price_precision=2,
        price_increment=Price.from_str("0.01"),
        lot_size=Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
    )


def ticks_of(frames, identifiers):
    clock, number = 0, 0
    for frame in lines(frames):
        for trade in orjson.loads(frame)["data"]:
            symbol = trade["s"]
            identifier = identifiers.get(symbol)
            if identifier is None:
                identifier = identifiers[symbol] = InstrumentId(Symbol(symbol), VENUE)
            time = trade["t"] * 1_000_000
            clock = max(clock, time)
            number += 1
            yield TradeTick(
                identifier, Price(trade["p"], 2), Quantity(trade["v"], 0), AggressorSide.BUYER, TradeId(str(number)),
                time, clock,
            )  # fmt: skip


def main(frames, rows):
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(log_level="ERROR")))
    engine.add_venue(VENUE, OmsType.NETTING, AccountType.CASH, starting_balances=[Money(1_000_000, USD)])
    identifiers = {}
    with Meter() as meter:
        ticks = list(islice(ticks_of(frames, identifiers), rows))
        for identifier in identifiers.values():
            engine.add_instrument(equity(identifier))
        strategy = Bars(list(identifiers.values()))
        engine.add_strategy(strategy)
        engine.add_data(ticks)
        engine.run()
    meter.report(rows, bars=strategy.count, volume=strategy.volume)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
