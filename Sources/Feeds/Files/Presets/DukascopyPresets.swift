internal import Platform

extension ReplayPreset {
    /// Files of Dukascopy's data feed in its own folders, `SYMBOL/YYYY/MM/DD/HHh_ticks.bi5`: the ticks of one hour of
    /// UTC, compressed with LZMA. Months count from 00: `2012/11/03` is 3 December.
    ///
    /// - Source: datafeed.dukascopy.com, layout as read by dukascopy-node and other public readers.
    static let dukascopyPresets: [ReplayPreset] = [
        ReplayPreset(
            name: "dukascopy",
            summary: "Dukascopy ticks: `SYMBOL/YYYY/MM/DD/HHh_ticks.bi5`, months from 00; times in UTC."
        ) { sample in
            guard sample.name.lowercased().hasSuffix(".bi5") else { return nil }
            guard !sample.name.contains("candles") else {
                return .skip("candles are made from ticks; bars are not played")
            }
            guard let place = DukascopyPlace(sample) else {
                return .skip(
                    "the folders do not tell symbol and hour: keep SYMBOL/YYYY/MM/DD/HHh_ticks.bi5, months from 00")
            }
            let layout = FixedRecords(
                bytes: DukascopyDecoder.recordBytes, timeOffset: 0, timeUnitNs: 1_000_000, originNs: place.hourNs)
            var values = ["symbol": place.symbol, "hour": Timestamp(nanoseconds: place.hourNs).description]
            values["price_scale"] = DukascopyPlace.priceScale(place.symbol)
            return .records(
                layout, decoder: "dukascopy", values: values,
                Series(name: place.symbol, folders: 4, startNs: place.hourNs))
        }
    ]
}

/// What the path of such a file says.
struct DukascopyPlace {
    let symbol: String
    /// Start of the hour in nanoseconds since 1970 UTC.
    let hourNs: Int64

    init?(_ sample: FileSample) {
        // GBPJPY / 2012 / 11 / 03 / 00h_ticks.bi5
        guard let symbol = sample.folder(4), let year = sample.folder(3).flatMap(Int64.init),
            let month = sample.folder(2).flatMap(Int64.init), let day = sample.folder(1).flatMap(Int64.init),
            let hour = Int64(sample.name.prefix { $0 != "h" }), (0..<24).contains(hour),
            let date = CivilDate(year: year, month: month + 1, day: day)
        else { return nil }
        self.symbol = symbol.uppercased()
        hourNs = date.start.nanoseconds + hour * 3_600_000_000_000
    }

    /// What the integers of prices are divided by; nil where that is not known.
    ///
    /// - Source: instrument table of dukascopy-node (decimal factors), 2020.
    static func priceScale(_ symbol: String) -> String? {
        let base = symbol.prefix(3), quote = symbol.suffix(3)
        if symbol == "GASCMDUSD" { return "10000" }
        guard symbol.count == 6 else { return "1000" }  // indices, shares, funds, bonds, commodities
        if base == "XAU" || base == "XAG" { return "1000" }
        if base == "BTC" || base == "ETH" { return "10" }
        guard currencies.contains(String(base)), currencies.contains(String(quote)) else { return nil }
        return switch quote {
        case "JPY", "HUF": "1000"
        case "CZK", "RON", "THB": "10000"
        default: "100000"
        }
    }

    private static let currencies: Set<String> = [
        "AUD", "CAD", "CHF", "CNH", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "NOK", "NZD", "PLN",
        "RON", "RUB", "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
    ]
}
