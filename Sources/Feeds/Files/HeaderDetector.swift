internal import Platform

/// Makes a mapping of the header and the first line of a text file.
enum HeaderDetector {
    /// Why no mapping could be made.
    struct Refusal: Error {
        /// True where the first line is a header, so that the file is understood and refused for a reason.
        let isHeader: Bool
        let reason: String
    }

    static func detect(_ sample: FileSample) -> Result<CSVMapping, Refusal> {
        guard sample.lines.count > 0 else { return .failure(Refusal(isHeader: false, reason: "the file is empty")) }
        guard let delimiter = delimiter(sample.lines[0]) else {
            return .failure(Refusal(isHeader: false, reason: "the first line has no columns"))
        }
        let header = fields(sample.lines[0], delimiter)
        let names = header.map(plain)
        let ofBars = ["open", "high", "low", "close"]
        let known = names.filter { name in ofBars.contains(name) || aliases.contains { $0.names.contains(name) } }
        guard known.count >= 2, !header.contains(where: { Double($0) != nil }) else {
            return .failure(Refusal(isHeader: false, reason: "the first line is no header with known columns"))
        }
        func place(_ field: String) -> Int? {
            guard let entry = aliases.first(where: { $0.field == field }) else { return nil }
            return entry.names.lazy.compactMap { names.firstIndex(of: $0) }.first
        }
        guard let time = place("time") else { return .failure(Refusal(isHeader: true, reason: "no column of times")) }
        let first = sample.lines.count > 1 ? fields(sample.lines[1], delimiter) : []
        func value(_ place: Int) -> String { place < first.count ? first[place] : "" }
        let isBars = ofBars.allSatisfy(names.contains)
        let isQuotes = !isBars && (place("bid") != nil || place("ask") != nil)
        guard isBars || isQuotes || place("price") != nil else {
            return .failure(Refusal(isHeader: true, reason: "neither a price nor a bid or ask column"))
        }
        guard !names.contains("issnapshot") else {
            return .failure(
                Refusal(isHeader: true, reason: "order book changes are not played, only trades and quotes"))
        }
        var mapping = CSVMapping(
            kind: isBars ? .bars : isQuotes ? .quotes : .trades, time: .position(time),
            timeFormat: timeFormat(names[time], value(time)))
        mapping.hasHeader = true
        mapping.delimiter = delimiter
        mapping.symbolColumn = place("symbol").map(CSVMapping.Column.position)
        mapping.venueColumn = place("venue").map(CSVMapping.Column.position)
        if isBars {
            func column(_ name: String) -> CSVMapping.Column? { names.firstIndex(of: name).map { .position($0) } }
            mapping.bars.open = column("open")
            mapping.bars.high = column("high")
            mapping.bars.low = column("low")
            mapping.bars.close = column("close")
            mapping.bars.source = "file"
            for field in barFields { mapping[keyPath: field.column] = place(field.name).map { .position($0) } }
        } else if isQuotes {
            mapping.bid = place("bid").map(CSVMapping.Column.position)
            mapping.ask = place("ask").map(CSVMapping.Column.position)
            mapping.bidSize = place("bid_size").map(CSVMapping.Column.position)
            mapping.askSize = place("ask_size").map(CSVMapping.Column.position)
        } else {
            mapping.price = place("price").map(CSVMapping.Column.position)
            mapping.size = place("size").map(CSVMapping.Column.position)
            mapping.side = place("side").map(CSVMapping.Column.position)
            if mapping.side == nil, let maker = place("buyer_is_maker") {
                mapping.side = .position(maker)
                mapping.sideMeaning = .buyerIsMaker
            }
            // Ids that are no numbers (UUIDs) cannot be kept; the place in the file identifies such trades.
            if let id = place("trade_id"), areNumbers(sample, id, delimiter) {
                mapping.tradeID = .position(id)
            }
            mapping.conditions = place("conditions").map { [.position($0)] } ?? []
        }
        if mapping.symbolColumn == nil { mapping.symbol = symbol(sample) }
        return .success(mapping)
    }

    /// True where every line behind the header has a whole number in the column, or nothing.
    static func areNumbers(_ sample: FileSample, _ column: Int, _ delimiter: Character) -> Bool {
        sample.lines.dropFirst().allSatisfy { line in
            let fields = fields(line, delimiter)
            return column >= fields.count || fields[column].isEmpty || Int64(fields[column]) != nil
        }
    }

    /// What bars may have besides their prices.
    private static var barFields: [(name: String, column: WritableKeyPath<CSVMapping, CSVMapping.Column?>)] {
        [
            ("volume", \.size), ("adjusted_close", \.bars.adjustedClose), ("trades", \.bars.trades),
            ("dividend", \.bars.dividend), ("split", \.bars.split),
        ]
    }

    /// Common names of each field, lower case without marks, best first.
    private static let aliases: [(field: String, names: [String])] = [
        (
            "time",
            [
                "eventtimens", "eventtime", "tradetime", "transacttime", "exchangetimestamp", "timestamp", "ts",
                "tsevent",
                "datetime", "time", "timens", "timeus", "timems", "timestampns", "timestampus", "timestampms",
                "timemsc",
                "date", "utc", "t", "localtimestamp",
            ]
        ),
        ("symbol", ["symbol", "ticker", "instrument", "sym", "pair", "product", "productid", "market"]),
        ("venue", ["venue", "exchange", "mic"]),
        ("price", ["price", "px", "lastprice", "tradeprice", "last", "p"]),
        ("size", ["size", "qty", "quantity", "amount", "lastsize", "volume", "vol", "baseqty", "v", "q"]),
        ("volume", ["volume", "vol", "basevolume", "v"]),
        ("adjusted_close", ["adjclose", "adjustedclose", "closeadj", "adjustedcloseprice"]),
        ("trades", ["trades", "count", "numberoftrades", "tradecount", "tickvol", "tickvolume"]),
        ("dividend", ["dividends", "dividend", "dividendamount"]),
        ("split", ["stocksplits", "split", "splitcoefficient", "splitfactor"]),
        ("side", ["side", "aggressor", "aggressorside", "takerside", "direction"]),
        ("buyer_is_maker", ["isbuyermaker", "buyermaker", "buyerismaker"]),
        ("trade_id", ["tradeid", "id", "aggtradeid", "tid"]),
        ("conditions", ["conditions", "condition", "cond", "saleconditions"]),
        ("bid", ["bid", "bidprice", "bidpx", "bestbid", "bestbidprice"]),
        ("bid_size", ["bidsize", "bidqty", "bidamount", "bidvolume", "bidquantity", "bestbidqty", "bestbidsize"]),
        ("ask", ["ask", "askprice", "askpx", "bestask", "bestaskprice", "offer"]),
        ("ask_size", ["asksize", "askqty", "askamount", "askvolume", "askquantity", "bestaskqty", "bestasksize"]),
    ]

    private static func plain(_ name: String) -> String {
        String(name.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) })
    }

    private static func delimiter(_ line: String) -> Character? {
        [",", "\t", ";", "|"].max { left, right in
            line.filter { $0 == left }.count < line.filter { $0 == right }.count
        }.flatMap { line.contains($0) ? $0 : nil }
    }

    static func fields(_ line: String, _ delimiter: Character) -> [String] {
        line.split(separator: delimiter, omittingEmptySubsequences: false).map { field in
            field.count >= 2 && field.first == "\"" && field.last == "\""
                ? String(field.dropFirst().dropLast()) : String(field)
        }
    }

    /// By the ending of the column's name, otherwise by how many digits the first value has: today's times have 10 in
    /// seconds, 13 in milliseconds, 16 in microseconds, 19 in nanoseconds.
    private static func timeFormat(_ name: String, _ value: String) -> CSVMapping.TimeFormat {
        let whole = value.prefix { $0.isASCII && $0.isNumber }
        let isNumber = !whole.isEmpty && Double(value) != nil && !(whole.count == 8 && CivilDate(whole) != nil)
        if !value.isEmpty && !isNumber { return .text }
        if name.hasSuffix("ns") { return .nanoseconds }
        if name.hasSuffix("us") { return .microseconds }
        if name.hasSuffix("ms") || name.hasSuffix("msc") { return .milliseconds }
        switch whole.count {
        case 17...: return .nanoseconds
        case 14...16: return .microseconds
        case 12...13: return .milliseconds
        case 1...11: return .seconds
        default: return .text
        }
    }

    /// The name of the file without words that say what kind of file it is; empty where nothing is left.
    private static func symbol(_ sample: FileSample) -> String {
        let stem = FileSample.date(in: sample.stem)?.rest ?? sample.stem
        let words = ["trade", "trades", "quote", "quotes", "tick", "ticks", "data", "csv", "sample", "book", "ticker"]
        let parts = stem.split { "_-. ".contains($0) }.filter { !words.contains($0.lowercased()) }
        return parts.count == 1 ? parts[0].uppercased() : ""
    }
}
