internal import Market
internal import Platform

extension ReplayPreset {
    /// Downloads of HistData.com. Times are Eastern Standard Time without daylight saving: UTC-5 all year.
    ///
    /// - Source: histdata.com, "Data Files – Detailed Specification".
    static let histDataPresets: [ReplayPreset] = [
        ReplayPreset(
            name: "histdata",
            summary:
                "HistData forex ticks (`DAT_ASCII_EURUSD_T_201202.csv`): `YYYYMMDD HHMMSSmmm,bid,ask,volume`, UTC-5."
        ) { sample in
            guard let fields = sample.lines.first?.split(separator: ","), fields.count == 4 else { return nil }
            let time = fields[0].split(separator: " ")
            guard time.count == 2, time[0].count == 8, time[1].count == 9, CivilDate(time[0]) != nil else { return nil }
            var mapping = CSVMapping(kind: .quotes, time: .position(0), timeFormat: .text)
            mapping.zone = "UTC-5"
            mapping.venue = "HISTDATA"
            mapping.symbol = symbol(sample.stem)
            // The volume is always zero: nothing is known of the sizes.
            mapping.bid = .position(1)
            mapping.ask = .position(2)
            return .columns(mapping)
        },
        ReplayPreset(
            name: "histdata-m1",
            summary: "HistData one-minute bars of the bid (`DAT_ASCII_EURUSD_M1_2012.csv`, `DAT_MT_…`), UTC-5."
        ) { sample in
            guard let first = sample.lines.first else { return nil }
            let isASCII = first.split(separator: ";").count == 6
            let isMT = sample.stem.hasPrefix("DAT_MT_") && first.split(separator: ",").count == 7
            guard isASCII || isMT else { return nil }
            let time = first.split { $0 == " " || $0 == "," }
            guard time.count >= 2, CivilDate(time[0]) != nil else { return nil }
            var mapping = CSVMapping(kind: .bars, time: .position(0), timeFormat: .text)
            mapping.delimiter = isASCII ? ";" : ","
            if isMT { mapping.timeOfDay = .position(1) }
            mapping.setPrices(from: isASCII ? 1 : 2)
            mapping.zone = "UTC-5"
            mapping.venue = "HISTDATA"
            mapping.symbol = symbol(sample.stem)
            mapping.bars.interval = "1m"
            mapping.bars.source = "histdata"
            mapping.bars.priceType = .bid
            return .columns(mapping)
        },
    ]

    /// `EURUSD` of `DAT_ASCII_EURUSD_T_201202`; empty where the name is another.
    private static func symbol(_ stem: String) -> String {
        let parts = stem.split(separator: "_")
        return parts.count >= 4 && parts[0].uppercased() == "DAT" ? parts[2].uppercased() : ""
    }
}
