internal import Foundation

/// Writes those lines of a log that add or remove a file, which nearly all do.
///
/// - Source: RFC 8259; Delta transaction log protocol, "Add File and Remove File".
struct FileLineWriter {
    /// The lines so far.
    private(set) var bytes: [UInt8] = []
    /// Room for one text.
    private var room: [UInt8] = []

    /// Forgets the lines and keeps their memory.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Appends a line that is written already, without its end.
    mutating func append(line: some Sequence<UInt8>) {
        bytes += line
        bytes.append(UInt8(ascii: "\n"))
    }

    mutating func append(_ file: AddFile) {
        append("{\"add\":{\"path\":")
        append(text: file.path)
        append(",\"partitionValues\":")
        append(file.partitionValues)
        append(",\"size\":", file.size)
        append(",\"modificationTime\":", file.modificationTime)
        append(",\"dataChange\":", file.dataChange)
        if let stats = file.stats {
            append(",\"stats\":")
            append(text: stats)
        }
        if let tags = file.tags {
            append(",\"tags\":")
            append(tags)
        }
        append(file.deletionVector)
        append("}}\n")
    }

    mutating func append(_ file: RemoveFile) {
        append("{\"remove\":{\"path\":")
        append(text: file.path)
        append(",\"deletionTimestamp\":", file.deletionTimestamp)
        append(",\"dataChange\":", file.dataChange)
        append(",\"extendedFileMetadata\":", file.extendedFileMetadata)
        if let values = file.partitionValues {
            append(",\"partitionValues\":")
            append(values)
        }
        append(",\"size\":", file.size)
        append(file.deletionVector)
        append("}}\n")
    }

    private mutating func append(_ word: StaticString) {
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private mutating func append(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        append(name)
        bytes += String(value).utf8
    }

    private mutating func append(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        append(name)
        append(value ? "true" : "false")
    }

    /// Few files have one.
    private mutating func append(_ vector: DeletionVectorReference?) {
        guard let vector else { return }
        append(",\"deletionVector\":")
        do { bytes += try JSONEncoder().encode(vector) } catch {
            preconditionFailure("a deletion vector cannot be written as JSON: \(error)")
        }
    }

    private mutating func append(_ values: [String: String?]) {
        append("{")
        var isFirst = true
        for (name, value) in values {
            if !isFirst { append(",") }
            isFirst = false
            append(text: name)
            append(":")
            if let value { append(text: value) } else { append("null") }
        }
        append("}")
    }

    /// With quotes, escaped where it must be.
    private mutating func append(text: String) {
        var text = text
        text.withUTF8 { content in
            // Of one byte come six at most.
            let needed = content.count * 6 + 2
            if room.count < needed { room = [UInt8](repeating: 0, count: needed) }
            let count = unsafe room.withUnsafeMutableBufferPointer { unsafe Self.quote(content, $0) }
            bytes += room[..<count]
        }
    }

    /// - Returns: how many bytes it became.
    private static func quote(_ text: UnsafeBufferPointer<UInt8>, _ target: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var end = 0
        func put(_ byte: UInt8) {
            unsafe target[end] = byte
            end += 1
        }
        put(UInt8(ascii: "\""))
        for index in text.indices {
            let byte = unsafe text[index]
            if byte < 0x20 {
                for byte in "\\u00".utf8 { put(byte) }
                for half in [byte >> 4, byte & 15] { put(half < 10 ? 0x30 + half : 0x57 + half) }
            } else {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { put(UInt8(ascii: "\\")) }
                put(byte)
            }
        }
        put(UInt8(ascii: "\""))
        return end
    }
}
