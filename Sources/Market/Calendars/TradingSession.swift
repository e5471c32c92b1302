public import Platform

/// When an exchange trades on one trading day.
public struct TradingSession: Sendable, Equatable {
    /// A stretch without a break; the end does not belong to it.
    public struct Span: Sendable, Equatable {
        /// Nanoseconds since 1970 UTC.
        public let openNs: Int64
        /// Nanoseconds since 1970 UTC.
        public let closeNs: Int64

        public init(openNs: Int64, closeNs: Int64) {
            self.openNs = openNs
            self.closeNs = closeNs
        }
    }

    /// The day that its trades belong to; a currency market opens the evening before.
    public let day: CivilDate
    /// In order, apart from each other; two where there is a lunch break.
    public let spans: [Span]
    /// True where it closes earlier than on other days.
    public let isShortened: Bool

    /// When trading starts, in nanoseconds since 1970 UTC.
    public var openNs: Int64 { spans[0].openNs }
    /// When trading is over, in nanoseconds since 1970 UTC.
    public var closeNs: Int64 { spans[spans.count - 1].closeNs }

    /// Whether is traded at a moment; not in the lunch break.
    public func isOpen(at timeNs: Int64) -> Bool { spans.contains { $0.openNs <= timeNs && timeNs < $0.closeNs } }

    /// How much of a stretch of time is traded in, in nanoseconds.
    public func openNs(from: Int64, to: Int64) -> Int64 {
        spans.reduce(0) { $0 + max(0, min(to, $1.closeNs) - max(from, $1.openNs)) }
    }
}
