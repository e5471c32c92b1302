internal import Market
internal import Platform

/// A part of a stream whose records are numbered: a partition of a Kafka topic, a shard of a Kinesis stream.
struct StreamLog: Hashable, Sendable, CustomStringConvertible {
    let stream: String
    let partition: String
    /// How often the log was made anew, so that its numbers began again.
    var generation = 0

    /// What tells it from the feed's other logs in headers, in settings and in the engine's state.
    var name: String {
        let text = "\"stream\":\(JSONText.quoted(stream)),\"partition\":\(JSONText.quoted(partition))"
        return generation == 0 ? text : text + ",\"generation\":\"\(generation)\""
    }

    var description: String { "\(stream)/\(partition)" }
}

/// The first line of a frame that a consumer of a message broker journals: which message it is, in front of the
/// message's value as it came.
///
/// `{"consumed":{"stream":"trades","partition":"3","position":"17","time_ns":…,"key":"AAPL"}}` and a line feed. Numbered
/// messages have stream, partition, where it is not 0 generation, and position, in this order; others have stream and id.
/// A message without value ends in `,"value":null}}`.
struct ConsumerHeader {
    /// What makes two frames the same message.
    enum Identity {
        /// A record of a log: what is not beyond the last one was seen before.
        case position(StreamLog, StreamNumber)
        /// A message without order: its id was seen before or not.
        case message(stream: String, id: String)
    }

    var identity: Identity
    /// When the broker or the sender says that the message was published, in nanoseconds since 1970 UTC.
    var timeNs: Int64?
    /// The sender's key: of a partition, of an order; empty where there is none.
    var key = ""
    /// Further members, in order, as text.
    var fields: [(name: String, value: String)] = []
    var attributes: [String: String] = [:]
    /// False for a message without value.
    var hasValue = true

    static let opening = Array(#"{"consumed":{"#.utf8)
    static let positionMark = Array(#","position":""#.utf8)
    static let timeMark = Array(#","time_ns":"#.utf8)
    static let keyMark = Array(#","key":"#.utf8)
    static let nullMark = Array(#","value":null"#.utf8)
    static let closing = Array("}}\n".utf8)
    private static let streamMark = Array(#""stream":"#.utf8)
    private static let partitionMark = Array(#","partition":"#.utf8)
    private static let generationMark = Array(#","generation":"#.utf8)
    private static let idMark = Array(#","id":"#.utf8)

    init(_ identity: Identity, timeNs: Int64? = nil) {
        self.identity = identity
        self.timeNs = timeNs
    }

    /// The line, its end included.
    var line: [UInt8] {
        var bytes = Self.opening
        switch identity {
        case .position(let log, let number):
            bytes += Array(log.name.utf8) + Self.positionMark + Array("\(number)\"".utf8)
        case .message(let stream, let id):
            bytes += Self.streamMark + Array(JSONText.quoted(stream).utf8)
            bytes += Self.idMark + Array(JSONText.quoted(id).utf8)
        }
        if let timeNs { bytes += Self.timeMark + Array("\(timeNs)".utf8) }
        if !key.isEmpty { bytes += Self.keyMark + Array(JSONText.quoted(key).utf8) }
        for field in fields {
            bytes += Array(",\(JSONText.quoted(field.name)):\(JSONText.quoted(field.value))".utf8)
        }
        if !attributes.isEmpty {
            let texts = attributes.sorted { $0.key < $1.key }
                .map { "\(JSONText.quoted($0.key)):\(JSONText.quoted($0.value))" }
            bytes += Array(",\"attributes\":{\(texts.joined(separator: ","))}".utf8)
        }
        if !hasValue { bytes += Self.nullMark }
        return bytes + Self.closing
    }

    // MARK: Reading

    /// Where the value starts; nil where the frame does not start with such a line.
    static func bodyStart(_ payload: UnsafeRawBufferPointer) -> Int? {
        guard unsafe starts(payload, at: 0, with: opening) else { return nil }
        return unsafe payload.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
    }

    /// True where the message has no value.
    static func lacksValue(_ payload: UnsafeRawBufferPointer, bodyStart: Int) -> Bool {
        let start = bodyStart - closing.count - nullMark.count
        return unsafe start > 0 && starts(payload, at: start, with: nullMark)
    }

    /// Where the frame stands in its log; nil where it does not say so.
    static func position(of payload: UnsafeRawBufferPointer) -> StreamPosition? {
        guard unsafe starts(payload, at: 0, with: opening) else { return nil }
        return unsafe position(ofMembers: UnsafeRawBufferPointer(rebasing: payload[opening.count...]))
    }

    /// The same for the members of the line alone.
    static func position(ofMembers members: UnsafeRawBufferPointer) -> StreamPosition? {
        guard let stream = unsafe endOfText(members, at: 0, behind: streamMark),
            let partition = unsafe endOfText(members, at: stream, behind: partitionMark)
        else { return nil }
        let name = unsafe endOfText(members, at: partition, behind: generationMark) ?? partition
        guard unsafe starts(members, at: name, with: positionMark) else { return nil }
        let start = name + positionMark.count
        var end = start
        while end < members.count, unsafe members[end] != UInt8(ascii: "\"") {
            guard end - start < StreamNumber.digitsMax else { return nil }
            end += 1
        }
        guard end < members.count, let number = unsafe StreamNumber(digits: members[start..<end]) else { return nil }
        return unsafe StreamPosition(log: UnsafeRawBufferPointer(rebasing: members[..<name]), number: number)
    }

    /// What makes the frame the same delivery as another; nil where it carries no id.
    static func delivery(of payload: UnsafeRawBufferPointer) -> DeliveryKey? {
        guard let bodyStart = unsafe bodyStart(payload) else { return nil }
        let line = unsafe UnsafeRawBufferPointer(rebasing: payload[..<bodyStart])
        guard let stream = unsafe endOfText(line, at: opening.count, behind: streamMark),
            let end = unsafe endOfText(line, at: stream, behind: idMark)
        else { return nil }
        var digest = StableDigest()
        unsafe digest.add(line[opening.count..<end])
        return DeliveryKey(
            key: digest, content: unsafe PushHeader.content(UnsafeRawBufferPointer(rebasing: payload[bodyStart...])))
    }

    /// The end of a member's quoted text; nil where there is no such member.
    private static func endOfText(_ bytes: UnsafeRawBufferPointer, at place: Int, behind mark: [UInt8]) -> Int? {
        var end = place + mark.count + 1
        guard unsafe starts(bytes, at: place, with: mark), end <= bytes.count,
            unsafe bytes[end - 1] == UInt8(ascii: "\"")
        else { return nil }
        while end < bytes.count, unsafe bytes[end] != UInt8(ascii: "\"") {
            guard unsafe bytes[end] != UInt8(ascii: "\n") else { return nil }
            end += unsafe bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        return end < bytes.count ? end + 1 : nil
    }

    private static func starts(_ bytes: UnsafeRawBufferPointer, at place: Int, with mark: [UInt8]) -> Bool {
        guard bytes.count - place >= mark.count else { return false }
        for index in 0..<mark.count where unsafe bytes[place + index] != mark[index] { return false }
        return true
    }
}
