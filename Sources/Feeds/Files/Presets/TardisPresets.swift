internal import Platform

extension ReplayPreset {
    /// CSV files of tardis.dev, named by their columns. Times are microseconds since 1970 UTC; `local_timestamp` is when
    /// the recorder received the message, and the order of the lines.
    ///
    /// - Source: docs.tardis.dev, "Downloadable CSV files", data types.
    static let tardisPresets: [ReplayPreset] = [
        ReplayPreset(
            name: "tardis",
            summary:
                "tardis.dev CSV: trades, quotes, book_ticker, options_chain and the best level of book snapshots; µs, UTC."
        ) { sample in
            guard let first = sample.lines.first else { return nil }
            let header = first.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard header.starts(with: ["exchange", "symbol", "timestamp", "local_timestamp"]) else { return nil }
            func column(_ name: String) -> CSVMapping.Column? {
                header.firstIndex(of: name).map(CSVMapping.Column.position)
            }
            guard column("is_snapshot") == nil else { return .skip("changes of order books are not played") }
            let best = ["bid_price", "bids[0].price"].first { column($0) != nil }
            guard best != nil || column("price") != nil else {
                return .skip("it has neither trades nor a best bid and ask")
            }
            // Liquidations have the columns of trades, and are among the trades already.
            guard !sample.stem.contains("liquidations") else { return .skip("liquidations are no trades of their own") }
            var mapping = CSVMapping(
                kind: best == nil ? .trades : .quotes, time: .position(2), timeFormat: .microseconds)
            mapping.hasHeader = true
            mapping.receiveTime = .position(3)
            mapping.venueColumn = .position(0)
            mapping.symbolColumn = .position(1)
            if best == "bid_price" {
                mapping.bid = column("bid_price")
                mapping.bidSize = column("bid_amount")
                mapping.ask = column("ask_price")
                mapping.askSize = column("ask_amount")
            } else if best != nil {
                mapping.bid = column("bids[0].price")
                mapping.bidSize = column("bids[0].amount")
                mapping.ask = column("asks[0].price")
                mapping.askSize = column("asks[0].amount")
            } else {
                mapping.price = column("price")
                mapping.size = column("amount")
                mapping.side = column("side")
                if let place = header.firstIndex(of: "id"), HeaderDetector.areNumbers(sample, place, ",") {
                    mapping.tradeID = .position(place)
                }
            }
            return .columns(mapping)
        }
    ]
}
