public import Market
public import Platform

/// What the engine computes, and how patient it is.
public struct EngineConfiguration: Sendable, Equatable {
    /// Bar intervals, as configured; batches refer to them by place.
    public let intervals: [Interval]
    /// Prices that bars are made of.
    public let priceTypes: [PriceType]
    /// Indicators on every series of bars; batches refer to them by place.
    public let indicators: [IndicatorSpec]
    /// How much later than the latest event time an event may come and still change its bars, in nanoseconds.
    public let latenessNs: Int64
    /// How long nothing must arrive before the receiving clock moves a feed's watermark, in nanoseconds.
    public let idleGraceNs: Int64
    /// How far an event time may lie after the time of receipt, in nanoseconds. Anything later is stored, but neither
    /// changes bars nor moves the watermark: one wrong time would make everything after it late.
    public let futureToleranceNs: Int64
    /// Ranges of trade numbers remembered per instrument; see `IdentifierRanges`.
    public let identifierRanges: Int
    /// Quote update numbers remembered exactly per instrument.
    public let quoteWindow: Int
    /// Trading hours of venues.
    public let calendars: VenueCalendars

    /// - Throws: `ConfigError` where a value is out of range or a list names something twice.
    public init(
        intervals: [Interval], priceTypes: [PriceType] = [.trade], indicators: [IndicatorSpec] = [],
        latenessNs: Int64 = 2_000_000_000, idleGraceNs: Int64 = 5_000_000_000,
        futureToleranceNs: Int64 = 3_600_000_000_000, identifierRanges: Int = 65_536, quoteWindow: Int = 256,
        calendars: VenueCalendars = .standard
    ) throws(ConfigError) {
        try Self.checkList(intervals, "bar interval", limit: 64)
        try Self.checkList(priceTypes, "price type", limit: PriceType.allCases.count)
        try Self.checkList(indicators, "indicator", limit: 250)
        let day = Timestamp.nanosecondsPerDay
        try Self.check((0...day).contains(latenessNs), "the lateness must lie between 0 and one day")
        try Self.check((0...day).contains(idleGraceNs), "the idle grace must lie between 0 and one day")
        try Self.check((0...366 * day).contains(futureToleranceNs), "the future tolerance must lie within a year")
        try Self.check((4...16_777_216).contains(identifierRanges), "identifier ranges must lie between 4 and 16777216")
        try Self.check((2...65_536).contains(quoteWindow), "the quote window must lie between 2 and 65536")
        self.intervals = intervals
        self.priceTypes = priceTypes
        self.indicators = indicators
        self.latenessNs = latenessNs
        self.idleGraceNs = idleGraceNs
        self.futureToleranceNs = futureToleranceNs
        self.identifierRanges = identifierRanges
        self.quoteWindow = quoteWindow
        self.calendars = calendars
        let names = intervals.map(\.description)
        intervalNames = StringDictionary(
            values: names + EventBatch.vendorIntervals.values.filter { !names.contains($0) })
        indicatorNames = StringDictionary(values: indicators.map(\.description))
    }

    /// Texts of the intervals, by place; behind those that are configured the others that vendors' bars have.
    public let intervalNames: StringDictionary
    /// Texts of the indicators, by place.
    public let indicatorNames: StringDictionary

    /// What the state depends on, as text: a checkpoint of one configuration cannot continue another.
    public var fingerprint: String {
        """
        bars \(intervals.map(\.description)) of \(priceTypes.map(\.name)), indicators \(indicators.map(\.description)), \
        lateness \(latenessNs) ns, idle grace \(idleGraceNs) ns, future tolerance \(futureToleranceNs) ns, \
        identifier ranges \(identifierRanges), quote window \(quoteWindow), calendars \(calendars.changes)
        """
    }

    public static func == (left: Self, right: Self) -> Bool { left.fingerprint == right.fingerprint }

    private static func check(_ isRight: Bool, _ message: String) throws(ConfigError) {
        if !isRight { throw ConfigError(message) }
    }

    private static func checkList(_ items: [some Hashable], _ kind: String, limit: Int) throws(ConfigError) {
        try check(items.count <= limit, "\(items.count) \(kind)s are more than the \(limit) allowed")
        var known = Set<AnyHashable>()
        for item in items where !known.insert(item).inserted {
            throw ConfigError("the \(kind) `\(item)` is given twice", suggestion: "write it once")
        }
    }
}
