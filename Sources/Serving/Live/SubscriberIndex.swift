internal import Market

/// Who wants which channel of which instrument: from an event to its receivers without asking anybody else.
///
/// Receivers are known by their place in a table that somebody else keeps. An instrument may be subscribed before it
/// appears: names stay until nobody wants them and no instrument has them.
/// - Complexity: a look-up is two array accesses; adding one name is constant; removing it takes as many steps as the
///   name has receivers.
struct SubscriberIndex {
    /// Number of a name.
    typealias Topic = Int32
    typealias Channel = Subscription.Channel

    private struct Entry {
        let name: String
        /// By channel.
        var receivers = [[Int]](repeating: [], count: Channel.allCases.count)
        var isInstrument = false
        var isUnused: Bool { !isInstrument && receivers.allSatisfy(\.isEmpty) }
    }

    private var topics: [String: Topic] = [:]
    private var entries: [Entry?] = []
    private var free: [Topic] = []
    /// By instrument number.
    private var topicOf: [Topic] = []
    /// Those who take every instrument, by channel.
    private var everyone = [[Int]](repeating: [], count: Channel.allCases.count)

    /// Names held: of instruments and of subscriptions.
    var nameCount: Int { topics.count }
    /// Instruments known.
    var instrumentCount: Int { topicOf.count }

    /// Adds the instrument with the next number.
    mutating func addInstrument(_ name: String) {
        let topic = topic(of: name)
        entries[Int(topic)]?.isInstrument = true
        topicOf.append(topic)
    }

    /// Receivers of all instruments of a channel.
    func takers(ofAll channel: Channel) -> [Int] { everyone[channel.rawValue] }

    /// Receivers that named an instrument.
    func takers(of channel: Channel, _ instrument: InstrumentID) -> [Int] {
        entries[Int(topicOf[Int(instrument)])]?.receivers[channel.rawValue] ?? []
    }

    /// Adds a receiver of one name.
    ///
    /// - Precondition: it has not got that topic.
    mutating func add(_ place: Int, _ channel: Channel, _ topic: Topic) {
        entries[Int(topic)]?.receivers[channel.rawValue].append(place)
    }

    /// Removes a receiver of one name; a name that nobody wants is forgotten.
    mutating func remove(_ place: Int, _ channel: Channel, _ topic: Topic) {
        entries[Int(topic)]?.receivers[channel.rawValue].removeUnordered(place)
        guard let entry = entries[Int(topic)], entry.isUnused else { return }
        topics[entry.name] = nil
        entries[Int(topic)] = nil
        free.append(topic)
    }

    mutating func addToAll(_ place: Int, _ channel: Channel) { everyone[channel.rawValue].append(place) }
    mutating func removeFromAll(_ place: Int, _ channel: Channel) {
        everyone[channel.rawValue].removeUnordered(place)
    }

    /// The topic of a name that is known.
    func find(_ name: String) -> Topic? { topics[name] }

    /// The topic of a name; a new one where it was not known, to be used at once.
    mutating func topic(of name: String) -> Topic {
        if let known = topics[name] { return known }
        let topic = free.popLast() ?? Topic(entries.count)
        if Int(topic) == entries.count { entries.append(nil) }
        entries[Int(topic)] = Entry(name: name)
        topics[name] = topic
        return topic
    }
}

extension [Int] {
    /// Removes one value; the last takes its place.
    fileprivate mutating func removeUnordered(_ value: Int) {
        guard let index = firstIndex(of: value) else { return }
        swapAt(index, count - 1)
        removeLast()
    }
}
