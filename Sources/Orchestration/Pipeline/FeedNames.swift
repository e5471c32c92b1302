package import Journaling
package import Market
internal import Synchronization

/// Names of the journal's feeds by number.
///
/// - Threading: any thread.
package final class FeedNames: Sendable {
    private struct State {
        var names: [String] = []
        var dictionary: StringDictionary?
    }
    private let state = Mutex(State())

    package init() {}

    /// Takes over the names that a journal has.
    package func load(from journal: Journal) {
        for number in 0...UInt16.max {
            let feed = FeedID(rawValue: number)
            guard let name = journal.feedName(feed) else { return }
            set(name, of: feed)
        }
    }

    /// Remembers the name of a feed.
    package func set(_ name: String, of feed: FeedID) {
        state.withLock { state in
            let index = Int(feed.rawValue)
            while state.names.count <= index { state.names.append("") }
            guard state.names[index] != name else { return }
            state.names[index] = name
            state.dictionary = nil
        }
    }

    /// The name of a feed; empty where it is not known.
    package func name(_ feed: FeedID) -> String { name(UInt32(feed.rawValue)) }

    /// The name of a feed by its number in columns.
    package func name(_ feed: UInt32) -> String {
        state.withLock { Int(feed) < $0.names.count ? $0.names[Int(feed)] : "" }
    }

    /// All names by number, with the number.
    package var all: [(feed: UInt32, name: String)] {
        state.withLock { $0.names.enumerated().map { (UInt32($0), $1) } }
    }

    /// The names as the dictionary of a column.
    package func dictionary() -> StringDictionary {
        state.withLock { state in
            if let known = state.dictionary { return known }
            let dictionary = StringDictionary(values: state.names)
            state.dictionary = dictionary
            return dictionary
        }
    }
}
