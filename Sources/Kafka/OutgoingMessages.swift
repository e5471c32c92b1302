internal import CKafka
internal import Glibc
public import Platform

/// Messages that are sent together: values one after the other in one buffer, which librdkafka reads where they are.
///
/// Each message has a header that says where it comes from: the text before, its offset, `/`, its index, the text behind; of a
/// message of several rows `/` and their number behind that.
/// - Threading: one thread at a time; unchanged from `send` until everything was delivered or given up.
@safe
public final class OutgoingMessages {
    /// Values, appended to by whoever makes messages.
    public let values = Column<UInt8>()
    /// Keys, likewise.
    public let keys = Column<UInt8>()
    let entries = Column<td_kafka_message>()

    public init() {}

    /// Messages held.
    public var count: Int { entries.count }

    /// Appends a message: value and key end where the buffers end, and begin here.
    ///
    /// - Parameters:
    ///   - value: where the value begins in `values`.
    ///   - key: where the key begins in `keys`.
    ///   - rows: how many the value holds, where that is to be told.
    public func append(valueFrom value: Int, keyFrom key: Int, offset: Int64, index: Int32, rows: Int = 0) {
        entries.append(
            td_kafka_message(
                value: UInt64(value), key: UInt64(key), value_bytes: UInt32(values.count - value),
                key_bytes: UInt32(keys.count - key), offset: offset, index: index, rows: Int32(rows)))
    }

    /// A message: its offset and index, and where its value and key lie in `values` and `keys`.
    public struct Place {
        public let offset: Int64
        public let index: Int32
        public let value: Range<Int>
        public let key: Range<Int>
    }

    /// Where a message is.
    public func place(_ place: Int) -> Place {
        let entry = entries[place]
        return Place(
            offset: entry.offset, index: entry.index,
            value: Int(entry.value)..<Int(entry.value) + Int(entry.value_bytes),
            key: Int(entry.key)..<Int(entry.key) + Int(entry.key_bytes))
    }

    /// Puts some of the messages into the order of the bytes of their values. Their indexes stay with the places.
    public func sortByValue(_ places: Range<Int>) {
        guard places.count > 1 else { return }
        let ordered = places.map { entries[$0] }.sorted { left, right in
            let bytes = Int(min(left.value_bytes, right.value_bytes))
            let order = unsafe memcmp(values.pointer + Int(left.value), values.pointer + Int(right.value), bytes)
            return order != 0 ? order < 0 : left.value_bytes < right.value_bytes
        }
        for (place, entry) in zip(places, ordered) {
            let index = entries[place].index
            entries[place] = entry
            entries[place].index = index
        }
    }

    /// Empties it and keeps the memory.
    public func removeAll() {
        values.removeAll()
        keys.removeAll()
        entries.removeAll()
    }
}
