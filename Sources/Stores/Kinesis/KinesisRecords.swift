internal import Kafka
internal import Platform

/// Records of a stream: each holds rows of one key, as lines of JSON, in order.
///
/// A row begins with its identity: `{"tapedeck":"PIPELINE/TABLE/OFFSET/INDEX/SCHEMA","venue":…}`. Many rows go into a record, since
/// a shard takes 1,000 records a second.
/// - Source: Amazon Kinesis Data Streams, "Quotas and limits".
struct KinesisRecords {
    /// Lines of one key.
    struct Record {
        let key: String
        let lines: Range<Int>
    }

    /// The lines of all records.
    let lines = Column<UInt8>()
    /// By key, those of one key in order.
    private(set) var records: [[Record]] = []

    /// Bytes of lines in a record, unless one row has more: smaller than it may be, so that shards are filled evenly.
    private static let bytesMax = 256 << 10
    /// What a record may hold: lines and key.
    private static let recordBytesMax = 1 << 20
    private static let keyBytesMax = 256
    /// The longest offset and index.
    private static let numberBytesMax = 32

    /// Bytes of a row's JSON at most.
    static func rowBytesMax(_ identity: MessageIdentity) -> Int {
        recordBytesMax - keyBytesMax - identity.prefix.utf8.count - identity.suffix.utf8.count - numberBytesMax
            - start.utf8.count - 4
    }

    private static let start = "{\"\(MessageIdentity.name)\":\""

    /// - Parameter otherwise: the key of messages without one.
    init(_ messages: OutgoingMessages, _ identity: MessageIdentity, otherwise: String) {
        lines.reserve(messages.values.count + 128 * messages.count)
        for places in MessageGroups(messages).places {
            let given = messages.key(places[0], bytesMax: Self.keyBytesMax)
            let key = given.isEmpty ? otherwise : given
            var ofKey: [Record] = []
            var first = lines.count
            for place in places {
                let begin = lines.count
                append(messages, place, identity)
                if begin > first, lines.count - first > Self.bytesMax {
                    ofKey.append(Record(key: key, lines: first..<begin))
                    first = begin
                }
            }
            ofKey.append(Record(key: key, lines: first..<lines.count))
            records.append(ofKey)
        }
    }

    /// One record of one line.
    init(line: String, key: String) {
        lines.append(utf8: line + "\n")
        records = [[Record(key: key, lines: 0..<lines.count)]]
    }

    private func append(_ messages: OutgoingMessages, _ place: Int, _ identity: MessageIdentity) {
        let message = messages.place(place)
        lines.append(utf8: Self.start)
        identity.append(offset: message.offset, index: message.index, to: lines)
        lines.append(utf8: "\",")
        let row = message.value.dropFirst()
        unsafe lines.append(
            contentsOf: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: messages.values.buffer[row])))
        lines.append(UInt8(ascii: "\n"))
    }
}
