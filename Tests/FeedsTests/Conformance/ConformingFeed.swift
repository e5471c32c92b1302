import Foundation
import Networking
import Platform
import Testing

@testable import Feeds

/// What the conformance suite needs to know of a live feed.
///
/// To add a feed: a value of this in a file of its own, and its name in `all`.
struct ConformingFeed: Sendable, CustomTestStringConvertible {
    /// Trades of the past.
    struct History: Sendable {
        /// The answer to a request, from the highest number of each instrument's trades and the size of a page.
        let page: @Sendable (HTTPRequest, [Int: Int64], Int64) -> String?
    }

    let name: String
    /// The two instruments of the tests as `VENUE:SYMBOL`; the tests know them by place.
    let instruments: [String]
    /// A secret that must not appear anywhere.
    var secret = "no-such-text"
    /// The feed's lines, asking for both instruments of the venue, and what asks for missed trades.
    let lines: @Sendable (FakeVenue) throws -> (lines: [LiveVenue], client: (any HistoryClient)?)
    /// The instruments, by place, whose trades a message of the feed asks for.
    let asked: @Sendable (String) -> [Int]
    /// What the venue answers to a message.
    var confirmation: @Sendable (String) -> [String] = { _ in [] }
    /// What the venue sends on every new connection.
    var greeting: [String] = []
    /// A frame with the trade of a number; its time is `timeNs(number)`.
    let trade: @Sendable (Int, Int64) -> String
    /// Valid frames without an event.
    let noise: [String]
    /// A frame that is not valid, as it must stand in the dead letters.
    let malformed: String
    /// Whether trades have numbers.
    var hasNumbers = true
    /// nil where the venue has none.
    var history: History?

    var testDescription: String { name }

    /// Every live feed.
    static let all = [finnhub, binance, coinbase, kraken, mt5]

    // MARK: For descriptions

    /// The time of a trade in milliseconds: odd numbers of milliseconds, so that decimals are always written.
    static func timeMs(_ number: Int64) -> Int64 { 1_700_000_000_001 + number * 10 }
    static func timeNs(_ number: Int64) -> Int64 { timeMs(number) * 1_000_000 }
    /// RFC 3339 with microseconds.
    static func timeText(_ number: Int64) -> String {
        "\(Timestamp(nanoseconds: timeNs(number)))".replacing("Z", with: "000Z")
    }

    /// The fields of a message.
    static func object(_ text: String) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
    }

    /// Options of a feed against a venue.
    static func options(_ spec: Spec, _ venue: FakeVenue, _ assignments: [String]) throws -> Options {
        try Options(spec, assignments: ["url=\(venue.url)"] + assignments)
    }

    /// What a test expects of trades.
    func expected(_ place: Int, _ numbers: ClosedRange<Int64>) -> Set<ConformanceOutput.Trade> {
        Set(
            numbers.map {
                ConformanceOutput.Trade(
                    instrument: instruments[place], timeNs: Self.timeNs($0), number: hasNumbers ? $0 : .min)
            })
    }
}
