internal import Platform

extension ReplayPreset {
    /// Recorded frames, one per line, with or without the receive time before them.
    static let framePresets: [ReplayPreset] = [
        ReplayPreset(
            name: "binance",
            summary:
                "Binance stream frames. The venue is BINANCE, or BINANCE_USDM or BINANCE_COINM by the folder's name."
        ) { sample in
            let frames = sample.lines.map(frame)
            guard
                frames.contains(where: {
                    $0.hasPrefix("{\"stream\":") || $0.contains("\"e\":\"") && $0.contains("\"E\":")
                })
            else { return nil }
            let folders = Set(sample.components.dropLast().suffix(3).map { $0.lowercased() })
            let venue =
                !folders.isDisjoint(with: ["usdm", "um", "usd-m"])
                ? "BINANCE_USDM"
                : !folders.isDisjoint(with: ["cm", "coinm", "coin-m"]) ? "BINANCE_COINM" : "BINANCE"
            return .frames(decoder: "binance", values: ["venue": venue])
        },
        ReplayPreset(name: "finnhub", summary: "Finnhub trade frames.") { sample in
            let isTrade: (String) -> Bool = { $0.contains("\"type\":\"trade\"") && $0.contains("\"data\":") }
            return sample.lines.map(frame).contains(where: isTrade) ? .frames(decoder: "finnhub", values: [:]) : nil
        },
        ReplayPreset(name: "simulator", summary: "Frames of the market simulator.") { sample in
            let isEvents: (String) -> Bool = { $0.hasPrefix("{\"type\":\"events\"") }
            return sample.lines.map(frame).contains(where: isEvents) ? .frames(decoder: "simulator", values: [:]) : nil
        },
    ]

    /// A recorded line without the receive time.
    private static func frame(_ line: String) -> String {
        isRecorded(line) ? String(line.drop { $0 != "{" }) : line
    }

    /// True where a receive time in nanoseconds stands before the frame.
    static func isRecorded(_ line: String) -> Bool {
        let digits = line.prefix { $0.isASCII && $0.isNumber }
        return (18...19).contains(digits.count) && line.dropFirst(digits.count).first == " "
    }
}
