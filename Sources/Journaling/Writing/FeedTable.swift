internal import Platform
internal import Synchronization

/// The names of feeds and their numbers.
///
/// - Threading: any thread.
final class FeedTable: Sendable {
    private struct Names {
        var list: [String]
        var numbers: [String: FeedID]
    }
    private let names: Mutex<Names>
    /// Held by who gives a name its number.
    private let defining = Lock()

    init(_ list: [String]) {
        let numbers = list.enumerated().map { ($1, FeedID(rawValue: UInt16($0))) }
        names = Mutex(Names(list: list, numbers: Dictionary(numbers) { first, _ in first }))
    }

    var list: [String] { names.withLock { $0.list } }

    subscript(feed: FeedID) -> String? {
        names.withLock { Int(feed.rawValue) < $0.list.count ? $0.list[Int(feed.rawValue)] : nil }
    }

    /// The number of `name`, given now where it has none.
    ///
    /// - Parameter define: writes the definition; nobody else learns the number before it returns. It may wait for a
    ///   segment to be begun, whose header asks for `list`: that has the name by then, since the definition may lie
    ///   in an earlier segment.
    func number(
        of name: String, define: (FeedID) throws(JournalError) -> Void
    ) throws(JournalError) -> FeedID {
        if let known = names.withLock({ $0.numbers[name] }) { return known }
        return try defining.withLock { () throws(JournalError) in
            if let known = names.withLock({ $0.numbers[name] }) { return known }
            guard !name.isEmpty, name.utf8.count <= SegmentLayout.feedNameBytesMax else {
                throw JournalError(
                    .feed,
                    "name of a feed has \(name.utf8.count) bytes, 1 to \(SegmentLayout.feedNameBytesMax) are allowed")
            }
            let feed = try names.withLock { names throws(JournalError) in
                guard let number = UInt16(exactly: names.list.count) else {
                    throw JournalError(.feed, "journal has 65536 feeds already, no number is left for \(name)")
                }
                names.list.append(name)
                return FeedID(rawValue: number)
            }
            try define(feed)
            names.withLock { $0.numbers[name] = feed }
            return feed
        }
    }
}
