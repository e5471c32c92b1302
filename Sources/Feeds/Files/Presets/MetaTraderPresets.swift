internal import Platform

extension ReplayPreset {
    /// Ticks exported from a MetaTrader 5 terminal ("Symbols", "Ticks", "Export Ticks"): separated by tabs, a header in
    /// angle brackets, a field left blank where it did not change. Times are the broker's wall clock, which no file tells.
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
            guard column("OPEN") == nil else { return .skip("bars are not played, only trades and quotes") }
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
        }
    ]
}
