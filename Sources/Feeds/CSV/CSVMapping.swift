public import Platform

/// How the columns of a text file become trades or quotes.
///
/// With header names it describes a family of files; `resolved(header:)` turns names into positions for one of them.
/// Its text form (`text`, `init(text:)`) is the settings of a session, from which the decoder is made again.
public struct CSVMapping: Sendable, Equatable {
    /// What a line is.
    public enum Kind: String, Sendable {
        case trades, quotes
        /// A terminal's tick: a quote where it has a bid or an ask, and a trade where it has a price; zero is nothing.
        case ticks
        /// A bar of a vendor; see `Bars`.
        case bars
    }

    /// A column, by position from 0 or by its name in the header.
    public enum Column: Sendable, Equatable {
        case position(Int)
        case name(String)

        /// The position; nil where only the name is known.
        var place: Int? { if case .position(let place) = self { place } else { nil } }
    }

    /// How a time is written.
    public enum TimeFormat: String, Sendable, CaseIterable {
        /// Since 1970 UTC, decimals allowed.
        case nanoseconds = "ns"
        case microseconds = "us"
        case milliseconds = "ms"
        case seconds = "s"
        /// `2026-01-31 09:30:00.25`, `20260131 093000250`, with or without an offset; without one the zone's.
        case text
        /// Since midnight of `date` on the zone's wall clock.
        case millisecondsOfDay = "ms_of_day"
    }

    /// What the side column says.
    public enum SideMeaning: String, Sendable {
        /// Who took liquidity: `buy`, `sell`, `b`, `s`.
        case aggressor
        /// True where the buyer was the maker, so that the aggressor sold.
        case buyerIsMaker = "buyer_is_maker"
    }

    public var kind: Kind
    public var hasHeader = false
    /// One byte, for example `,` or a tab.
    public var delimiter: Character = ","
    public var time: Column
    public var timeFormat: TimeFormat
    /// The time of the day, where `time` is the day alone.
    public var timeOfDay: Column?
    /// When the line was received, in the format of `time`: it becomes the receive time, and orders the lines.
    public var receiveTime: Column?
    /// The day of times since midnight.
    public var date: CivilDate?
    /// Where a time does not say it: what `ZoneClock` reads, such as `America/New_York`, `UTC-5`, `America/New_York+7`.
    public var zone = "UTC"
    /// The instrument of every line, where no column tells.
    public var symbol = ""
    public var symbolColumn: Column?
    public var venue = ""
    public var venueColumn: Column?

    public var price: Column?
    public var size: Column?
    public var side: Column?
    public var sideMeaning = SideMeaning.aggressor
    public var tradeID: Column?
    /// Joined by spaces, empty ones left out.
    public var conditions: [Column] = []

    /// A price of zero or an empty field is a missing side.
    public var bid: Column?
    public var bidSize: Column?
    public var ask: Column?
    public var askSize: Column?
    /// A blank bid or ask beside the other one is the one before: the reader of the file writes it into the line.
    public var blankIsUnchanged = false

    /// What only bars have.
    public var bars = Bars()

    /// Prices in the file are this many times too large: 10000 for integers in 1/10,000.
    public var priceScale = 1.0
    /// The same for sizes.
    public var sizeScale = 1.0

    public init(kind: Kind, time: Column, timeFormat: TimeFormat) {
        self.kind = kind
        self.time = time
        self.timeFormat = timeFormat
    }

    /// The same mapping with names replaced by positions.
    ///
    /// - Throws: `FeedError` naming a column that the header does not have.
    public func resolved(header: [String]) throws(FeedError) -> CSVMapping {
        var result = self
        for path in Self.columnPaths {
            if let column = self[keyPath: path.column] {
                result[keyPath: path.column] = try Self.position(column, header)
            }
        }
        result.time = try Self.position(time, header)
        result.conditions = []
        for column in conditions { result.conditions.append(try Self.position(column, header)) }
        return result
    }

    private static func position(_ column: Column, _ header: [String]) throws(FeedError) -> Column {
        guard case .name(let name) = column else { return column }
        guard let place = header.firstIndex(of: name) else {
            throw FeedError(.format, "no column `\(name)`; the header is \(header.joined(separator: ", "))")
        }
        return .position(place)
    }

    /// The optional columns and their names in the text form.
    static var columnPaths: [(name: String, column: WritableKeyPath<CSVMapping, Column?>)] {
        [
            ("time_of_day", \.timeOfDay), ("receive_time", \.receiveTime), ("symbol_column", \.symbolColumn),
            ("venue_column", \.venueColumn), ("price", \.price), ("size", \.size), ("side", \.side),
            ("trade_id", \.tradeID), ("bid", \.bid), ("bid_size", \.bidSize), ("ask", \.ask),
            ("ask_size", \.askSize),
        ] + barColumnPaths
    }

    /// Positions of all columns that have one.
    private var places: [Int] {
        let optional = Self.columnPaths.compactMap { self[keyPath: $0.column]?.place }
        return optional + [time.place ?? 0] + conditions.compactMap(\.place)
    }

    /// The highest position of a column.
    var highestPlace: Int { places.max() ?? 0 }

    /// Columns that a line may have; each takes memory.
    private static let mostColumns = 10_000

    /// Says what is missing or contradictory.
    ///
    /// - Throws: `FeedError` in words that a user can act on.
    public func check() throws(FeedError) {
        let lacking: String? =
            switch kind {
            case .trades: price == nil ? "`price`" : nil
            case .bars: nil
            case .quotes, .ticks: bid == nil && ask == nil ? "`bid` and `ask`" : nil
            }
        if let lacking { throw FeedError(.format, "\(kind.rawValue) need a column for \(lacking)") }
        if kind == .bars { try checkBars() }
        if let place = places.first(where: { !(0..<Self.mostColumns).contains($0) }) {
            throw FeedError(
                .format, "there is no column \(place); columns are counted from 0 to \(Self.mostColumns - 1)")
        }
        if symbol.isEmpty && symbolColumn == nil {
            throw FeedError(.format, "no symbol: neither a column nor a name is given; give it with `--symbol`")
        }
        if timeFormat == .millisecondsOfDay && date == nil {
            throw FeedError(.format, "times since midnight need a date; set `date`")
        }
        guard !zone.isEmpty else {
            throw FeedError(
                .format,
                "times are on the clock of the one who wrote the file; give its `--zone`, for example "
                    + "`America/New_York+7` (most forex brokers), `Europe/Athens` or `UTC+2`")
        }
        guard timeOfDay == nil || timeFormat == .text else {
            throw FeedError(.format, "a column of times of the day needs days written as text")
        }
        guard date?.isWithinTimestamps ?? true else { throw FeedError(.format, "the date lies outside 1678 to 2261") }
        guard ZoneClock(zone) != nil else {
            throw FeedError(
                .format,
                "unknown time zone `\(zone)`; write a name such as `America/New_York` or an offset such as `UTC-5`")
        }
        guard delimiter.isASCII, delimiter != "\"", !delimiter.isNewline else {
            throw FeedError(.format, "the delimiter must be one ASCII character")
        }
        guard priceScale > 0, sizeScale > 0, priceScale.isFinite, sizeScale.isFinite else {
            throw FeedError(.format, "scales must be positive")
        }
    }
}
