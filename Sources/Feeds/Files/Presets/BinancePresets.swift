internal import Platform

extension ReplayPreset {
    /// Files of data.binance.vision: `BTCUSDT-trades-2024-01-31.zip` and the like, spot and futures, daily and monthly.
    ///
    /// Times are since 1970 UTC in milliseconds, those of spot in microseconds since 2025: told by their digits.
    /// Futures files have a header since 2022, others none.
    ///
    /// - Source: github.com/binance/binance-public-data, README.
    static let binancePresets: [ReplayPreset] = [
        ReplayPreset(
            name: "binance-trades",
            summary: "data.binance.vision trades: id, price, quantity, quote quantity, time, maker."
        ) { sample in
            guard let file = BinanceFile(sample), file.kind == "trades", file.fields.count >= 6 else { return nil }
            return file.trades(time: 4, buyerIsMaker: 5, rank: 0)
        },
        ReplayPreset(
            name: "binance-agg-trades",
            summary: "data.binance.vision aggTrades; left out where the trades themselves are there."
        ) { sample in
            guard let file = BinanceFile(sample), file.kind == "aggTrades", file.fields.count >= 7 else { return nil }
            return file.trades(time: 5, buyerIsMaker: 6, rank: 1)
        },
        ReplayPreset(
            name: "binance-book-ticker", summary: "data.binance.vision bookTicker of futures: best bid and ask."
        ) { sample in
            guard let file = BinanceFile(sample), file.kind == "bookTicker", file.fields.count >= 6 else { return nil }
            var mapping = file.mapping(.quotes, time: 5)
            mapping.bid = .position(1)
            mapping.bidSize = .position(2)
            mapping.ask = .position(3)
            mapping.askSize = .position(4)
            return .columns(mapping)
        },
        ReplayPreset(
            name: "binance-klines", summary: "data.binance.vision klines: bars of trades, with their number."
        ) { sample in
            guard let file = BinanceFile(sample), file.fields.count == 12, file.kind.first?.isNumber == true else {
                return nil
            }
            var mapping = file.mapping(.bars, time: 0)
            mapping.setPrices(from: 1)
            mapping.size = .position(5)
            mapping.bars.trades = .position(8)
            // Of contracts with coins as margin, the eighth column is the volume in coins.
            if mapping.venue != "BINANCE_COINM" { mapping.bars.turnover = .position(7) }
            mapping.bars.interval = file.kind
            mapping.bars.source = "binance"
            return .columns(mapping)
        },
        ReplayPreset(
            name: "binance-other", summary: "data.binance.vision files without trades or best prices: not played."
        ) { sample in
            guard let file = BinanceFile(sample), BinanceFile.otherKinds.contains(file.kind) else { return nil }
            return .skip("\(file.kind) has neither trades nor a best bid and ask")
        },
    ]
}

/// What the name, the folders and the first lines of such a file say.
private struct BinanceFile {
    let symbol: String
    /// The part of the name between symbol and date, for example `aggTrades`.
    let kind: String
    let venue: String
    /// The first line that is no header.
    let fields: [Substring]
    let hasHeader: Bool

    static let otherKinds: Set<String> = [
        "bookDepth", "metrics", "fundingRate", "liquidationSnapshot", "BVOLIndex", "EOHSummary",
    ]

    init?(_ sample: FileSample) {
        let parts = sample.stem.split(separator: "-")
        guard parts.count >= 4, let date = FileSample.date(in: sample.stem), date.rest == "\(parts[0])-\(parts[1])"
        else { return nil }
        symbol = String(parts[0])
        kind = String(parts[1])
        hasHeader = sample.lines.first?.first.map { !$0.isNumber } ?? false
        fields = (sample.lines.dropFirst(hasHeader ? 1 : 0).first ?? "").split(
            separator: ",", omittingEmptySubsequences: false)
        venue = Self.venue(sample, symbol: symbol, kind: kind, columns: fields.count, hasHeader: hasHeader)
    }

    /// By the folders of the site where they were kept; otherwise spot is told by its column more or by bars without a
    /// header, and contracts with coins as margin by their symbols, such as `BTCUSD_PERP`.
    private static func venue(
        _ sample: FileSample, symbol: String, kind: String, columns: Int, hasHeader: Bool
    ) -> String {
        let folders = Set(sample.components.dropLast())
        if folders.contains("um") { return "BINANCE_USDM" }
        if folders.contains("cm") { return "BINANCE_COINM" }
        if folders.contains("spot") { return "BINANCE" }
        let ofSpot = ["trades": 7, "aggTrades": 8]
        if ofSpot[kind] == columns || kind.first?.isNumber == true && !hasHeader { return "BINANCE" }
        return symbol.contains("USD_") ? "BINANCE_COINM" : "BINANCE_USDM"
    }

    func mapping(_ kind: CSVMapping.Kind, time: Int) -> CSVMapping {
        let digits = time < fields.count ? fields[time].count : 13
        var mapping = CSVMapping(
            kind: kind, time: .position(time), timeFormat: digits >= 16 ? .microseconds : .milliseconds)
        mapping.hasHeader = hasHeader
        mapping.symbol = symbol
        mapping.venue = venue
        return mapping
    }

    func trades(time: Int, buyerIsMaker: Int, rank: Int) -> ReplayPreset.Match {
        var mapping = mapping(.trades, time: time)
        mapping.tradeID = .position(0)
        mapping.price = .position(1)
        mapping.size = .position(2)
        mapping.side = .position(buyerIsMaker)
        mapping.sideMeaning = .buyerIsMaker
        let detail = ReplayPreset.Detail(
            subject: "\(venue):\(symbol)", rank: rank, reason: "aggregates of the trades beside them")
        return .columns(mapping, ReplayPreset.Series(name: "\(symbol)-\(kind)", detail: detail))
    }
}
