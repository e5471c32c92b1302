internal import Platform

extension ReplayPreset {
    /// Files in the folder layout of QuantConnect Lean: `MARKET/tick/SYMBOL/YYYYMMDD_trade.zip`, without header, times
    /// in milliseconds since midnight on the market's clock.
    ///
    /// - Source: QuantConnect/Lean, `Data/equity/readme.md` and `Data/forex/readme.md`; the zones of forex data from its
    ///   market-hours database (`dataTimeZone`).
    static let leanPresets: [ReplayPreset] = [
        ReplayPreset(
            name: "lean-bars",
            summary: "Second and minute bars of Lean: made from ticks, so not played."
        ) { sample in
            let folders = ["second", "minute"]
            guard let folder = [sample.folder(1), sample.folder(2)].compactMap({ $0 }).first(where: folders.contains),
                LeanFile(sample)?.symbol != nil
            else { return nil }
            return .skip("\(folder) bars are not played: they are made from ticks")
        },
        ReplayPreset(
            name: "lean-equity-trades",
            summary:
                "US equity trades of Lean: time, price in 1/10,000, size, exchange, condition flags, suspicious flag."
        ) { sample in
            guard let file = LeanFile(sample), file.isTick, file.kind == "trade", file.columns == 6 else { return nil }
            var mapping = CSVMapping(kind: .trades, time: .position(0), timeFormat: .millisecondsOfDay)
            mapping.date = file.date
            mapping.zone = "America/New_York"
            mapping.venue = "US"
            mapping.symbol = file.symbol
            mapping.price = .position(1)
            mapping.priceScale = 10_000
            mapping.size = .position(2)
            mapping.conditions = [.position(3), .position(4), .position(5)]
            return .columns(mapping)
        },
        ReplayPreset(
            name: "lean-equity-quotes",
            summary:
                "US equity quotes of Lean, one side per line: time, bid, size, ask, size, exchange, flags, suspicious."
        ) { sample in
            guard let file = LeanFile(sample), file.isTick, file.kind == "quote", file.columns == 8 else { return nil }
            var mapping = CSVMapping(kind: .quotes, time: .position(0), timeFormat: .millisecondsOfDay)
            mapping.date = file.date
            mapping.zone = "America/New_York"
            mapping.venue = "US"
            mapping.symbol = file.symbol
            mapping.bid = .position(1)
            mapping.bidSize = .position(2)
            mapping.ask = .position(3)
            mapping.askSize = .position(4)
            mapping.priceScale = 10_000
            return .columns(mapping)
        },
        ReplayPreset(name: "lean-fx-quotes", summary: "Forex quotes of Lean: time, bid, ask.") { sample in
            guard let file = LeanFile(sample), file.isTick, file.kind == "quote", file.columns == 3 else { return nil }
            let market = (sample.folder(3) ?? "").lowercased()
            // Daylight saving is not used by either; any other market is taken to write UTC.
            let zones = ["fxcm": "UTC-5", "oanda": "UTC"]
            var mapping = CSVMapping(kind: .quotes, time: .position(0), timeFormat: .millisecondsOfDay)
            mapping.date = file.date
            mapping.zone = zones[market] ?? "UTC"
            mapping.venue = market.uppercased()
            mapping.symbol = file.symbol
            mapping.bid = .position(1)
            mapping.ask = .position(2)
            return .columns(mapping)
        },
    ]

    /// What the path and the first line of such a file say.
    private struct LeanFile {
        let date: CivilDate
        /// `trade` or `quote`.
        let kind: String
        let symbol: String
        let isTick: Bool
        let columns: Int

        init?(_ sample: FileSample) {
            guard let folder = sample.folder(1), let (date, rest) = FileSample.date(in: sample.stem) else { return nil }
            guard rest == "trade" || rest == "quote", let first = sample.lines.first else { return nil }
            self.date = date
            kind = rest
            symbol = folder.uppercased()
            isTick = sample.folder(2) == "tick"
            columns = first.split(separator: ",", omittingEmptySubsequences: false).count
        }
    }
}
