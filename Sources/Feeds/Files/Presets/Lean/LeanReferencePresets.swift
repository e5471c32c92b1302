internal import Platform

extension ReplayPreset {
    /// Daily and hourly bars of US equities in Lean's form, and the files beside them that say which company had a ticker
    /// when, and which splits and dividends it had.
    static let leanReferencePresets: [ReplayPreset] = [
        ReplayPreset(
            name: "lean-daily",
            summary:
                "Daily or hourly US equity bars of Lean, prices in 1/10,000; adjusted by `factor_files` beside them."
        ) { sample in
            guard let folder = sample.folder(1), ["daily", "hour"].contains(folder),
                let fields = sample.lines.first?.split(separator: ","), fields.count == 6, fields[0].count == 14
            else { return nil }
            let securities = leanSecurities(sample)
            var mapping = CSVMapping(kind: .bars, time: .position(0), timeFormat: .text)
            mapping.zone = "America/New_York"
            mapping.venue = "US"
            mapping.symbol = sample.stem.uppercased()
            mapping.setPrices(from: 1)
            mapping.priceScale = 10_000
            mapping.size = .position(5)
            mapping.bars.interval = folder == "daily" ? "1d" : "1h"
            mapping.bars.source = "lean"
            mapping.bars.adjustments = securities.adjustments(of: mapping.symbol)
            return .columns(mapping)
        },
        ReplayPreset(
            name: "lean-tickers",
            summary: "Lean's `map_files`: the tickers of a company with their first and last days, into `instruments`."
        ) { sample in
            guard sample.folder(1) == "map_files", let first = sample.lines.first,
                CivilDate(first.prefix(8)) != nil, first.split(separator: ",").count >= 2
            else { return nil }
            let securities = leanSecurities(sample)
            let file = sample.stem.uppercased()
            // Bars from before the first company that is known: the ticker was another company's.
            let others = Set(securities.tickers(ofFile: file).map(\.ticker)).sorted().compactMap { ticker -> String? in
                guard let known = securities.holders(of: ticker).first, known.file == file,
                    let day = securities.days(of: ticker).first, day < known.from
                else { return nil }
                return "\(ticker)=\(day)=\(CivilDate(daysSinceEpoch: known.from.daysSinceEpoch - 1))"
            }
            return .document(decoder: "lean-tickers", values: ["others": others.joined(separator: ";")])
        },
        ReplayPreset(
            name: "lean-factors",
            summary: "Lean's `factor_files`: splits and dividends of a company, into `corporate_actions`."
        ) { sample in
            guard sample.folder(1) == "factor_files", let first = sample.lines.first,
                LeanSecurities.factor(line: first) != nil
            else { return nil }
            let securities = leanSecurities(sample)
            let file = sample.stem.uppercased()
            let days = securities.tradingDays(ofFile: file)
            let effective = LeanSecurities.factors(String(decoding: sample.head, as: UTF8.self)).map { row in
                // A gap in the bars, as where a ticker's file is missing, tells nothing.
                let next = days.first { $0 > row.through }
                let isNear = next.map { $0.daysSinceEpoch - row.through.daysSinceEpoch <= 7 } ?? false
                return isNear ? next ?? row.through : LeanFactorDecoder.nextWeekday(row.through)
            }
            let tickers = securities.tickers(ofFile: file).map { "\($0.ticker)=\($0.through)" }
            return .document(
                decoder: "lean-factors",
                values: [
                    "tickers": (tickers.isEmpty ? ["\(file)=\(LeanSecurities.openEnd)"] : tickers).joined(
                        separator: ";"),
                    "effective": effective.map(\.description).joined(separator: ";"),
                ])
        },
    ]

    private static func leanSecurities(_ sample: FileSample) -> LeanSecurities {
        let folder = sample.folderPath(2)
        return sample.memory.value("lean " + folder) { LeanSecurities(folder: folder) }
    }
}
