internal import Market
internal import Platform

/// A bar as a vendor gives it.
struct VendorBar: Equatable, BitwiseCopyable {
    /// Place of the row in the answer.
    var row: Int
    var startNs: Int64
    var open: Double
    var high: Double
    var low: Double
    var close: Double
    /// 0 where the vendor does not say.
    var volume = 0.0
    /// NaN where the vendor does not say.
    var vwap = Double.nan
    var trades: Int64 = 0
    /// NaN where the vendor does not say.
    var adjustedClose = Double.nan
    /// Per share, going ex on this day; 0 for none.
    var dividend = 0.0
    /// New shares for one old; 1 for none.
    var split = 1.0
    /// The instrument, where rows say it: its place in `VendorSymbols`; 0 otherwise.
    var symbol = 0
}

/// Symbols that the rows of an answer name.
struct VendorSymbols {
    private var texts = [""]
    private var places = ["": 0]

    /// The place of a symbol; 0 where it is missing.
    mutating func place(_ cell: AnswerCell) -> Int {
        guard let text = cell.text else { return 0 }
        if texts[texts.count - 1] == text { return texts.count - 1 }
        if let place = places[text] { return place }
        places[text] = texts.count
        texts.append(text)
        return texts.count - 1
    }

    /// By place: where the symbol stands in their order.
    var ranks: [Int] {
        var ranks = [Int](repeating: 0, count: texts.count)
        for (rank, place) in texts.indices.sorted(by: { texts[$0] < texts[$1] }).enumerated() { ranks[place] = rank }
        return ranks
    }

    /// The symbol at a place; nil where there was none.
    subscript(place: Int) -> String? { place == 0 ? nil : texts[place] }
}

/// What all bars of a vendor have in common that are appended together.
struct VendorBarOrigin {
    var instrument: InstrumentID
    /// Number of the vendor's name.
    let source: UInt32
    /// Place of the interval, and its length.
    let interval: UInt8
    let intervalNs: Int64
    let fetchedAtNs: Int64
    let journalOffset: Int64
}

extension BarBatch {
    /// Appends bars. Those that had ended when they were fetched are final.
    func append(_ bars: ArraySlice<VendorBar>, _ origin: VendorBarOrigin) {
        // Column by column, of so many bars at a time as the nearest cache holds.
        var rest = bars
        while !rest.isEmpty {
            append(block: rest.prefix(256), origin)
            rest = rest.dropFirst(256)
        }
    }

    private func append(block bars: ArraySlice<VendorBar>, _ origin: VendorBarOrigin) {
        unsafe bars.withUnsafeBufferPointer { bars in
            let count = bars.count
            startNs.append(count: count) { unsafe bars[$0].startNs }
            open.append(count: count) { unsafe bars[$0].open }
            high.append(count: count) { unsafe bars[$0].high }
            low.append(count: count) { unsafe bars[$0].low }
            close.append(count: count) { unsafe bars[$0].close }
            volume.append(count: count) { unsafe bars[$0].volume }
            vwap.append(count: count) { unsafe bars[$0].vwap }
            adjustedClose.append(count: count) { unsafe bars[$0].adjustedClose }
            trades.append(count: count) { unsafe bars[$0].trades }
            isFinal.append(count: count) {
                unsafe bars[$0].startNs + origin.intervalNs <= origin.fetchedAtNs ? 1 : 0
            }
        }
        instrument.append(repeating: origin.instrument, count: bars.count)
        source.append(repeating: origin.source, count: bars.count)
        priceType.append(repeating: PriceType.trade.rawValue, count: bars.count)
        interval.append(repeating: origin.interval, count: bars.count)
        revision.append(repeating: 0, count: bars.count)
        journalOffset.append(repeating: origin.journalOffset, count: bars.count)
    }
}
