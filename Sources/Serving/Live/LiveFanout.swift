internal import Market
internal import Networking
internal import Platform

/// Brings rows to their receivers: the clients, the index of what they want, and the messages of one publication.
struct LiveFanout {
    typealias Channel = Subscription.Channel

    /// By place; nil where a place is free.
    private var members: [LiveMember?] = []
    private var freePlaces: [Int] = []
    private var index = SubscriberIndex()
    /// Names of instruments as JSON text, by number.
    private var names: [[UInt8]] = []
    /// Intervals that were ever published, with their numbers.
    private var intervalNumbers: [String: Int] = [:]

    // Of the publication under way; the memory is kept.
    private var messages = LiveMessages()
    private var subjects: [LiveSubject] = []
    private var addressed: [Int] = []
    private var intervals: [Int] = []
    /// Places of clients for which something is held.
    private var slow: [Int] = []

    /// Names that the index holds.
    var nameCount: Int { index.nameCount }

    // MARK: Clients

    /// Gives a client a place.
    mutating func add(_ client: any LiveClient) -> Int {
        let member = LiveMember(client, intervals: intervalNumbers.count)
        if let place = freePlaces.popLast() {
            members[place] = member
            return place
        }
        members.append(member)
        return members.count - 1
    }

    func client(at place: Int) -> (any LiveClient)? { members[place]?.client }

    /// Ends deliveries to a client; its names must be removed before its place can be freed.
    mutating func silence(_ place: Int) {
        members[place]?.isOpen = false
        slow.removeAll { $0 == place }
        for channel in Channel.allCases { leaveAll(place, channel) }
    }

    /// Frees a place.
    mutating func free(_ place: Int) {
        members[place] = nil
        freePlaces.append(place)
    }

    mutating func addIntervals(_ request: Subscription.Request, to place: Int) {
        members[place]?.addIntervals(request, intervalNumbers)
    }

    /// Makes a client a taker of every instrument; the names it gave before mean nothing then.
    mutating func takeAll(_ place: Int, _ channel: Channel) {
        guard members[place]?.takesAll[channel.rawValue] == false else { return }
        members[place]?.takesAll[channel.rawValue] = true
        index.addToAll(place, channel)
    }

    mutating func leaveAll(_ place: Int, _ channel: Channel) {
        guard members[place]?.takesAll[channel.rawValue] == true else { return }
        members[place]?.takesAll[channel.rawValue] = false
        index.removeFromAll(place, channel)
    }

    /// Subscribes to names; for a client that takes everything there is nothing to do.
    mutating func subscribe(_ place: Int, _ channel: Channel, _ names: ArraySlice<String>) {
        guard members[place]?.takesAll[channel.rawValue] == false else { return }
        for name in names {
            let topic = index.topic(of: name)
            guard members[place]?.topics[channel.rawValue].insert(topic).inserted == true else { continue }
            index.add(place, channel, topic)
        }
    }

    mutating func unsubscribe(_ place: Int, _ channel: Channel, _ names: ArraySlice<String>) {
        for name in names {
            guard let topic = index.find(name), members[place]?.topics[channel.rawValue].remove(topic) != nil else {
                continue
            }
            index.remove(place, channel, topic)
        }
    }

    /// Removes up to `limit` of the names of a client.
    ///
    /// - Returns: true where more are left.
    mutating func forgetNames(_ place: Int, _ channel: Channel, limit: Int) -> Bool {
        for _ in 0..<limit {
            guard let topic = members[place]?.topics[channel.rawValue].popFirst() else { return false }
            index.remove(place, channel, topic)
        }
        return members[place]?.topics[channel.rawValue].isEmpty == false
    }

    // MARK: Publication

    /// Formats the rows that anybody wants, each once, and hands them to their receivers.
    mutating func publish(_ rows: some LiveRows, _ selection: some Collection<Int>, _ instruments: InstrumentTable) {
        learn(instruments)
        if let dictionary = rows.intervals { learn(dictionary) }
        let hasIntervals = rows.intervals != nil
        let channel = type(of: rows).channel
        let everyone = index.takers(ofAll: channel)
        for row in selection {
            let subject = rows.subject(row)
            let interval = hasIntervals ? intervals[Int(subject.interval)] : nil
            let some = index.takers(of: channel, subject.instrument)
            let message = messages.count
            let isWanted = address(message, everyone, interval)
            guard address(message, some, interval) || isWanted else { continue }
            rows.write(row, instrument: names[Int(subject.instrument)], to: &messages)
            subjects.append(subject)
        }
        handOver()
    }

    /// Hands the status to those who watch health.
    mutating func publish(_ status: Status) {
        let watchers = index.takers(ofAll: .health)
        if address(0, watchers, nil) {
            messages.health(status)
            subjects.append(LiveSubject(channel: .health))
        }
        handOver()
    }

    /// Addresses the message that will be formatted next.
    ///
    /// - Returns: true where anybody gets it.
    private mutating func address(_ message: Int, _ places: [Int], _ interval: Int?) -> Bool {
        var isWanted = false
        for place in places {
            guard let member = members[place], member.isOpen else { continue }
            if let interval, !member.wantsInterval[interval] { continue }
            if member.address(message) { addressed.append(place) }
            isWanted = true
        }
        return isWanted
    }

    /// Delivers what was addressed and what was held, with one wake-up of the server's thread.
    private mutating func handOver() {
        for place in addressed {
            guard let member = members[place] else { continue }
            let wasSlow = member.isSlow
            member.deliver(messages.frames, subjects)
            if !wasSlow, member.isSlow { slow.append(place) }
        }
        for place in slow { members[place]?.release() }
        for place in addressed { members[place]?.client.flush() }
        if !slow.isEmpty {
            for place in slow { members[place]?.client.flush() }
            slow.removeAll { members[$0]?.isSlow != true }
        }
        addressed.removeAll(keepingCapacity: true)
        subjects.removeAll(keepingCapacity: true)
        messages.removeAll()
    }

    private mutating func learn(_ instruments: InstrumentTable) {
        while names.count < instruments.count {
            let name = instruments[InstrumentID(names.count)].description
            var json = JSONWriter()
            json.value(name)
            names.append(json.bytes)
            index.addInstrument(name)
        }
    }

    /// Numbers of the intervals of a batch, by its own places.
    private mutating func learn(_ dictionary: StringDictionary) {
        intervals.removeAll(keepingCapacity: true)
        for text in dictionary.values {
            if let known = intervalNumbers[text] {
                intervals.append(known)
                continue
            }
            intervals.append(intervalNumbers.count)
            intervalNumbers[text] = intervalNumbers.count
            for place in members.indices { members[place]?.learnInterval(text) }
        }
    }
}
