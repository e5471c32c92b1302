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

    private static let channels = Channel.allCases.count

    private var topics: [String: Topic] = [:]
    /// By topic; nil where the number is free.
    private var names: [String?] = []
    private var isInstrument: [Bool] = []
    /// By topic and channel.
    private var receivers: [[Int]] = []
    private var free: [Topic] = []
    /// By instrument number.
    private var topicOf: [Topic] = []
    /// Those who take every instrument, by channel.
    private var everyone = [[Int]](repeating: [], count: channels)

    /// Names held: of instruments and of subscriptions.
    var nameCount: Int { topics.count }
    /// Instruments known.
    var instrumentCount: Int { topicOf.count }

    /// Adds the instrument with the next number.
    mutating func addInstrument(_ name: String) {
        let topic = topic(of: name)
        isInstrument[Int(topic)] = true
        topicOf.append(topic)
    }

    /// Receivers of all instruments of a channel.
    func takers(ofAll channel: Channel) -> [Int] { everyone[channel.rawValue] }

    /// Receivers that named an instrument.
    func takers(of channel: Channel, _ instrument: InstrumentID) -> [Int] {
        receivers[Self.row(topicOf[Int(instrument)], channel)]
    }

    /// Adds a receiver of one name.
    ///
    /// - Precondition: it has not got that topic.
    mutating func add(_ place: Int, _ channel: Channel, _ topic: Topic) {
        receivers[Self.row(topic, channel)].append(place)
    }

    /// Removes a receiver of one name; a name that nobody wants is forgotten.
    mutating func remove(_ place: Int, _ channel: Channel, _ topic: Topic) {
        receivers[Self.row(topic, channel)].removeUnordered(place)
        let isUnused = Channel.allCases.allSatisfy { receivers[Self.row(topic, $0)].isEmpty }
        guard isUnused, !isInstrument[Int(topic)], let name = names[Int(topic)] else { return }
        topics[name] = nil
        names[Int(topic)] = nil
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
        let topic = free.popLast() ?? Topic(names.count)
        if Int(topic) == names.count {
            names.append(nil)
            isInstrument.append(false)
            receivers.append(contentsOf: repeatElement([], count: Self.channels))
        }
        names[Int(topic)] = name
        topics[name] = topic
        return topic
    }

    private static func row(_ topic: Topic, _ channel: Channel) -> Int { Int(topic) * channels + channel.rawValue }
}

extension [Int] {
    /// Removes one value; the last takes its place.
    fileprivate mutating func removeUnordered(_ value: Int) {
        guard let index = firstIndex(of: value) else { return }
        swapAt(index, count - 1)
        removeLast()
    }
}
