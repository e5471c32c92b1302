internal import Platform

extension ReplayPreset {
    /// Bars as vendors let them be downloaded.
    ///
    /// - Source: alphavantage.co, documentation of the CSV forms; header of Yahoo Finance downloads and of yfinance.
    static let vendorPresets: [ReplayPreset] = [
        ReplayPreset(
            name: "alphavantage",
            summary: "Alpha Vantage CSV: intraday and daily bars, newest first, in New York time; give the symbol."
        ) { sample in
            guard case .success(var mapping) = HeaderDetector.detect(sample), mapping.kind == .bars,
                let header = sample.lines.first?.lowercased()
            else { return nil }
            let isExtended = header == "time,open,high,low,close,volume"
            guard isExtended || header.hasPrefix("timestamp,open,high,low,close,"), mapping.timeFormat == .text
            else { return nil }
            mapping.zone = "America/New_York"
            let times = SampleTimes(sample, mapping)
            guard times.areNewestFirst else { return nil }
            if let length = times.barLength, ["1w", "1mo"].contains(length) {
                return .skip("weekly and monthly bars are dated by their last day; take the daily ones")
            }
            // The first form writes 04:01 to 20:00 of a day that lasts from 04:00 to 20:00.
            mapping.bars.isTimeEnd = isExtended
            mapping.bars.source = "alphavantage"
            mapping.venue = "ALPHAVANTAGE"
            return .columns(mapping)
        },
        ReplayPreset(
            name: "yahoo",
            summary: "Yahoo Finance downloads: `Date,Open,High,Low,Close,Adj Close,Volume`, with dividends and splits."
        ) { sample in
            guard let first = sample.lines.first,
                ["Date,Open,High,Low,Close,Adj Close", "Datetime,Open,High,Low,Close,Adj Close"]
                    .contains(where: first.hasPrefix),
                case .success(var mapping) = HeaderDetector.detect(sample)
            else { return nil }
            mapping.bars.source = "yahoo"
            mapping.venue = "YAHOO"
            if let (before, _) = BarName.split(sample.stem) {
                let isSuffixed = before.count == 2 && yahooSuffixes.contains(before[1])
                mapping.symbol = before.joined(separator: isSuffixed ? "." : "-")
            } else if sample.stem.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "^.=-".contains($0)) }) {
                mapping.symbol = sample.stem
            }
            return .columns(mapping)
        },
    ]

    /// Exchanges as they stand behind Yahoo's symbols, for example `1398.HK`.
    private static let yahooSuffixes: Set<String> = [
        "AS", "AT", "AX", "BA", "BE", "BK", "BO", "BR", "CO", "DE", "F", "HE", "HK", "IC", "IL", "IR", "IS", "JK", "JO",
        "KL", "KQ", "KS", "L", "LS", "MC", "MI", "MX", "NS", "NZ", "OL", "PA", "PR", "QA", "SA", "SI", "SN", "SR", "SS",
        "ST", "SW", "SZ", "T", "TA", "TO", "TW", "TWO", "V", "VI", "WA",
    ]
}
