internal import Market
internal import Platform

extension ReplayPreset {
    /// Ticks and bars exported from a terminal ("Symbols", "Export"): separated by tabs, a header in angle brackets, in
    /// ticks a field left blank where it did not change. Times are the broker's wall clock, which no file tells.
    static let metaTraderPresets: [ReplayPreset] = [
        ReplayPreset(
            name: "mt5-ticks",
            summary:
                "MetaTrader 5 exported ticks: `<DATE> <TIME> <BID> <ASK> <LAST> <VOLUME> <FLAGS>`; give the broker's `--zone`."
        ) { sample in
            guard let first = sample.lines.first, first.hasPrefix("<DATE>"),
                let delimiter = first.dropFirst(6).first
            else { return nil }
            let header = HeaderDetector.fields(first, delimiter)
            func column(_ name: String) -> CSVMapping.Column? {
                header.firstIndex(of: "<\(name)>").map(CSVMapping.Column.position)
            }
            guard let time = column("TIME") else { return nil }
            guard let bid = column("BID"), let ask = column("ASK") else { return nil }
            var mapping = CSVMapping(kind: .ticks, time: .position(0), timeFormat: .text)
            mapping.timeOfDay = time
            mapping.hasHeader = true
            mapping.delimiter = delimiter
            mapping.zone = ""
            mapping.venue = "MT5"
            // EURUSD_202301020000_202301312359
            mapping.symbol = sample.stem.split(separator: "_").first.map(String.init) ?? ""
            mapping.bid = bid
            mapping.ask = ask
            mapping.blankIsUnchanged = true
            mapping.price = column("LAST")
            mapping.size = column("VOLUME")
            return .columns(mapping)
        },
        ReplayPreset(
            name: "mt5-bars",
            summary: "MetaTrader 5 exported bars of the bid (`EURUSD_M1_….csv`); give the broker's `--zone`."
        ) { sample in
            guard let first = sample.lines.first, first.hasPrefix("<DATE>"), let delimiter = first.dropFirst(6).first
            else { return nil }
            let header = HeaderDetector.fields(first, delimiter)
            guard let open = header.firstIndex(of: "<OPEN>"), header.dropFirst(open).starts(with: ["<OPEN>", "<HIGH>"])
            else { return nil }
            var mapping = CSVMapping(kind: .bars, time: .position(0), timeFormat: .text)
            mapping.timeOfDay = header.firstIndex(of: "<TIME>").map { .position($0) }
            mapping.hasHeader = true
            mapping.delimiter = delimiter
            mapping.setPrices(from: open)
            mapping.bars.trades = header.firstIndex(of: "<TICKVOL>").map { .position($0) }
            mapping.size = header.firstIndex(of: "<VOL>").map { .position($0) }
            mapping.setBroker(symbol: sample.stem.split(separator: "_").first.map(String.init) ?? "")
            return .columns(mapping)
        },
        ReplayPreset(
            name: "mt4-bars",
            summary:
                "MetaTrader 4 exported bars of the bid (`EURUSD60.csv`: minutes behind the symbol); give the `--zone`."
        ) { sample in
            let digits = sample.stem.reversed().prefix(while: \.isNumber).count
            let lengths = ["1": "1m", "5": "5m", "15": "15m", "30": "30m", "60": "1h", "240": "4h", "1440": "1d"]
            guard let length = lengths[String(sample.stem.suffix(digits))], let first = sample.lines.first else {
                return nil
            }
            let fields = first.split(separator: ",")
            guard fields.count == 7, fields[0].contains("."), CivilDate(fields[0]) != nil, fields[1].count == 5 else {
                return nil
            }
            var mapping = CSVMapping(kind: .bars, time: .position(0), timeFormat: .text)
            mapping.timeOfDay = .position(1)
            mapping.setPrices(from: 2)
            mapping.bars.trades = .position(6)
            mapping.bars.interval = length
            mapping.setBroker(symbol: String(sample.stem.dropLast(digits)))
            return .columns(mapping)
        },
    ]
}

extension CSVMapping {
    /// Bars of the bid on a broker's clock, which no file tells.
    fileprivate mutating func setBroker(symbol: String) {
        zone = ""
        venue = "MT5"
        self.symbol = symbol
        bars.source = "metatrader"
        bars.priceType = .bid
    }
}
