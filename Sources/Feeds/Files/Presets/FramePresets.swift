internal import Platform

extension ReplayPreset {
    /// Recorded frames, one per line, with or without the receive time before them, or logs of connections.
    static let framePresets: [ReplayPreset] = [
        ReplayPreset(
            name: "binance",
            summary:
                "Binance stream frames. The venue is BINANCE, or BINANCE_USDM or BINANCE_COINM by folder or address."
        ) { sample in
            let frames = sample.lines.map(frame)
            guard
                frames.contains(where: {
                    $0.hasPrefix("{\"stream\":") || $0.contains("\"e\":\"") && $0.contains("\"E\":")
                })
            else { return nil }
            let folders = Set(sample.components.dropLast().suffix(3).map { $0.lowercased() })
            let address = sample.lines.first.map(ConnectionLog.address) ?? ""
            let isDollar = !folders.isDisjoint(with: ["usdm", "um", "usd-m"]) || address.contains("//fstream.")
            let isCoin = !folders.isDisjoint(with: ["cm", "coinm", "coin-m"]) || address.contains("//dstream.")
            let venue = isDollar ? "BINANCE_USDM" : isCoin ? "BINANCE_COINM" : "BINANCE"
            return .frames(decoder: "binance", values: ["venue": venue])
        },
        ReplayPreset(name: "coinbase", summary: "Coinbase Exchange frames: matches and tickers.") { sample in
            let types = ["match", "last_match", "ticker", "subscriptions"].map { "\"type\":\"\($0)\"" }
            let isFrame: (String) -> Bool = { line in
                line.contains("\"product_id") && types.contains(where: line.contains)
            }
            return sample.lines.map(frame).contains(where: isFrame) ? .frames(decoder: "coinbase", values: [:]) : nil
        },
        ReplayPreset(name: "finnhub", summary: "Finnhub trade frames.") { sample in
            let isTrade: (String) -> Bool = { $0.contains("\"type\":\"trade\"") && $0.contains("\"data\":") }
            return sample.lines.map(frame).contains(where: isTrade) ? .frames(decoder: "finnhub", values: [:]) : nil
        },
        ReplayPreset(name: "kraken", summary: "Kraken spot frames: trades and tickers of WebSocket v2 and v1.") {
            sample in
            let starts = ["trade", "ticker"].map { "{\"channel\":\"\($0)\"" }
            let isFrame: (String) -> Bool = { line in
                starts.contains(where: line.hasPrefix)
                    || line.contains("\"channelName\":") && line.contains("\"subscriptionStatus\"")
            }
            return sample.lines.map(frame).contains(where: isFrame) ? .frames(decoder: "kraken", values: [:]) : nil
        },
        ReplayPreset(name: "simulator", summary: "Frames of the market simulator.") { sample in
            let isEvents: (String) -> Bool = { $0.hasPrefix("{\"type\":\"events\"") }
            return sample.lines.map(frame).contains(where: isEvents) ? .frames(decoder: "simulator", values: [:]) : nil
        },
    ]

    /// A line without what was noted before the frame.
    private static func frame(_ line: String) -> String {
        if isRecorded(line) { return String(line.drop { $0 != "{" && $0 != "[" }) }
        return ConnectionLog.received(line).map(String.init) ?? line
    }

    /// How the lines of a file become frames.
    static func reading(_ lines: [String]) -> ReplayFile.Reading {
        if lines.contains(where: isRecorded) { return .recordedLines }
        return lines.contains { ConnectionLog.received($0) != nil } ? .connectionLog : .frameLines
    }

    /// True where a receive time in nanoseconds stands before the frame.
    static func isRecorded(_ line: String) -> Bool {
        let digits = line.prefix { $0.isASCII && $0.isNumber }
        return (18...19).contains(digits.count) && line.dropFirst(digits.count).first == " "
    }
}
