internal import Market
internal import Platform

/// The first line of a pushed frame: who sent it under which key, in front of the body as it came.
///
/// `{"push":{"key":"order-17","part":0,…}}` and a line feed. The key stands first where there is one; `part` counts the
/// frames of one delivery. Pub/Sub adds `publish_time`, `ordering_key`, `subscription` and `attributes`.
struct PushHeader {
    /// The sender's key; empty where it gave none.
    var key = ""
    /// The place of the frame in its delivery.
    var part = 0
    /// Further members, in order, as text.
    var fields: [(name: String, value: String)] = []
    var attributes: [String: String] = [:]

    private static let opening = Array(#"{"push":{"#.utf8)
    private static let keyMark = Array(#""key":"#.utf8)
    private static let partMark = Array(#","part":"#.utf8)

    /// The line, its end included.
    var line: [UInt8] {
        var members: [String] = []
        if !key.isEmpty { members += ["\"key\":\(JSONText.quoted(key))", "\"part\":\(part)"] }
        members += fields.map { "\(JSONText.quoted($0.name)):\(JSONText.quoted($0.value))" }
        if !attributes.isEmpty {
            let texts = attributes.sorted { $0.key < $1.key }
                .map { "\(JSONText.quoted($0.key)):\(JSONText.quoted($0.value))" }
            members.append("\"attributes\":{\(texts.joined(separator: ","))}")
        }
        return Array("{\"push\":{\(members.joined(separator: ","))}}\n".utf8)
    }

    /// Where the body of a frame starts; nil where the frame does not start with such a line.
    static func bodyStart(_ payload: UnsafeRawBufferPointer) -> Int? {
        guard unsafe starts(payload, at: 0, with: opening) else { return nil }
        return unsafe payload.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
    }

    /// What makes the frame the same delivery as another; nil where it carries no key.
    static func delivery(of payload: UnsafeRawBufferPointer) -> DeliveryKey? {
        guard let bodyStart = unsafe bodyStart(payload), unsafe starts(payload, at: opening.count, with: keyMark) else {
            return nil
        }
        let line = unsafe UnsafeRawBufferPointer(rebasing: payload[..<bodyStart])
        let begin = opening.count + keyMark.count
        var end = begin + 1
        while end < line.count, unsafe line[end] != UInt8(ascii: "\"") {
            end += unsafe line[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < line.count else { return nil }
        var digest = StableDigest()
        unsafe digest.add(line[begin...end])
        if unsafe starts(line, at: end + 1, with: partMark) {
            let digits = unsafe line[(end + 1 + partMark.count)...].prefix { $0 >= 0x30 && $0 <= 0x39 }
            unsafe digest.add(digits)
        }
        return DeliveryKey(
            key: digest, content: unsafe content(UnsafeRawBufferPointer(rebasing: payload[bodyStart...])))
    }

    /// Stands for the bytes of a body.
    static func content(_ body: UnsafeRawBufferPointer) -> UInt64 {
        UInt64(unsafe CRC32C.checksum(body)) | UInt64(UInt32(truncatingIfNeeded: body.count)) << 32
    }

    private static func starts(_ bytes: UnsafeRawBufferPointer, at place: Int, with mark: [UInt8]) -> Bool {
        guard bytes.count >= place + mark.count else { return false }
        return unsafe bytes[place..<place + mark.count].elementsEqual(mark)
    }
}
