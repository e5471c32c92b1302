public import Market
public import Platform

extension CSVMapping {
    /// How the columns of a text file become bars of a vendor: what is not trades or quotes. Prices are divided by
    /// `priceScale`; the volume is `size`.
    public struct Bars: Sendable, Equatable {
        public var open: Column?
        public var high: Column?
        public var low: Column?
        public var close: Column?
        /// Close after later splits and dividends.
        public var adjustedClose: Column?
        /// Trades in the bar.
        public var trades: Column?
        /// Sum of price times size: with the volume it gives the average price.
        public var turnover: Column?
        /// Cash per share of a dividend that takes effect with the bar; 0 is none.
        public var dividend: Column?
        /// New shares for one old share from the bar on; 0 and 1 are none.
        public var split: Column?
        /// Length, one of `EventBatch.vendorIntervals`.
        public var interval = ""
        /// The vendor's name.
        public var source = ""
        public var priceType = PriceType.trade
        /// True where the time is the end of the bar.
        public var isTimeEnd = false
        /// What closes are multiplied by to be adjusted, by the UTC day of the bar; in the order of their days.
        public var adjustments: [Adjustment] = []

        public init() {}
    }

    /// The factor that holds up to and including a day.
    public struct Adjustment: Sendable, Equatable {
        public let through: CivilDate
        /// NaN where it is not known.
        public let factor: Double

        public init(through: CivilDate, factor: Double) {
            self.through = through
            self.factor = factor
        }

        public static func == (left: Adjustment, right: Adjustment) -> Bool {
            left.through == right.through && left.factor.bitPattern == right.factor.bitPattern
        }
    }

    /// Open, high, low and close in columns that follow each other.
    mutating func setPrices(from column: Int) {
        bars.open = .position(column)
        bars.high = .position(column + 1)
        bars.low = .position(column + 2)
        bars.close = .position(column + 3)
    }

    /// The columns of bars and their names in the text form.
    static var barColumnPaths: [(name: String, column: WritableKeyPath<CSVMapping, Column?>)] {
        [
            ("open", \.bars.open), ("high", \.bars.high), ("low", \.bars.low), ("close", \.bars.close),
            ("adjusted_close", \.bars.adjustedClose), ("trades", \.bars.trades), ("turnover", \.bars.turnover),
            ("dividend", \.bars.dividend), ("split", \.bars.split),
        ]
    }

    static let barKeys = ["interval", "source", "price_type", "time_is", "adjust"]

    /// What of the bars is no column, in the text form.
    var barValues: [String: String] {
        guard kind == .bars else { return [:] }
        var values = ["interval": bars.interval, "source": bars.source]
        if bars.priceType != .trade { values["price_type"] = bars.priceType.name }
        if bars.isTimeEnd { values["time_is"] = "end" }
        if !bars.adjustments.isEmpty {
            values["adjust"] = bars.adjustments.map { adjustment in
                "\(adjustment.through)=\(adjustment.factor.isNaN ? "" : JSONText.number(adjustment.factor))"
            }.joined(separator: ";")
        }
        return values
    }

    /// Reads what `barValues` gives.
    mutating func readBars(_ values: [String: String]) throws(FeedError) {
        bars.interval = values["interval"] ?? ""
        bars.source = values["source"] ?? ""
        if let text = values["price_type"] {
            guard let type = PriceType.allCases.first(where: { $0.name == text }) else {
                throw FeedError(.settings, "`price_type`: unknown `\(text)`; write trade, bid or ask")
            }
            bars.priceType = type
        }
        guard ["start", "end", nil].contains(values["time_is"]) else {
            throw FeedError(.settings, "`time_is`: write start or end")
        }
        bars.isTimeEnd = values["time_is"] == "end"
        bars.adjustments = []
        for part in (values["adjust"] ?? "").split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let day = CivilDate(pair[0]), let factor = pair[1].isEmpty ? .nan : Double(pair[1])
            else { throw FeedError(.settings, "`adjust`: `\(part)` is not a day and a factor") }
            bars.adjustments.append(Adjustment(through: day, factor: factor))
        }
    }

    /// Says what bars lack.
    func checkBars() throws(FeedError) {
        for (name, column) in [("open", bars.open), ("high", bars.high), ("low", bars.low), ("close", bars.close)]
        where column == nil {
            throw FeedError(.format, "bars need a column for `\(name)`")
        }
        guard let length = VendorInterval(bars.interval) else {
            throw FeedError(
                .format,
                bars.interval.isEmpty
                    ? "neither name nor lines tell how long the bars are; give it with `--interval`"
                    : "bars of `\(bars.interval)` are not kept; known are "
                        + EventBatch.vendorIntervals.values.joined(separator: ", "))
        }
        guard !bars.isTimeEnd || length.nanoseconds != nil else {
            throw FeedError(.format, "the start of a month cannot be told from its end; use start times")
        }
        guard !bars.source.isEmpty else { throw FeedError(.format, "bars need a `source`: who made them") }
    }
}

/// A length of bars that vendors give.
struct VendorInterval {
    let name: String
    /// Its place in `EventBatch.vendorIntervals`.
    let place: UInt8
    /// Nil for a month.
    let nanoseconds: Int64?

    /// Nil where there is no such length.
    init?(_ name: String) {
        guard let place = EventBatch.vendorIntervals.values.firstIndex(of: name) else { return nil }
        self.name = name
        self.place = UInt8(place)
        let units: [Character: Int64] = ["m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        if let unit = name.last.flatMap({ units[$0] }), let count = Int64(name.dropLast()) {
            nanoseconds = count * unit * 1_000_000_000
        } else {
            nanoseconds = nil
        }
    }
}
