internal import Foundation
internal import Platform

/// Writes the frames of one log of a message broker, as `ConsumerHeader` has them, without allocating.
struct ConsumerFrame {
    /// The header line up to the digits of the position.
    private let head: [UInt8]

    init(_ log: StreamLog) {
        head = ConsumerHeader.opening + Array(log.name.utf8) + ConsumerHeader.positionMark
    }

    /// Appends a header line and a value.
    ///
    /// - Parameters:
    ///   - timeNs: when the message was published, in nanoseconds since 1970 UTC; nil where that is not known.
    ///   - key: the sender's; nil or empty where there is none. What is no UTF-8 stands there in base 64.
    ///   - value: nil for a message without value.
    func write(
        position: Int64, timeNs: Int64?, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        into frame: Column<UInt8>
    ) {
        Self.append(head, to: frame)
        Self.append(position, to: frame)
        frame.append(UInt8(ascii: "\""))
        if let timeNs {
            Self.append(ConsumerHeader.timeMark, to: frame)
            Self.append(timeNs, to: frame)
        }
        if let key = unsafe key, unsafe !key.isEmpty { unsafe Self.append(key: key, to: frame) }
        if unsafe value == nil { Self.append(ConsumerHeader.nullMark, to: frame) }
        Self.append(ConsumerHeader.closing, to: frame)
        if let value = unsafe value { unsafe frame.append(contentsOf: value) }
    }

    private static func append(_ bytes: [UInt8], to frame: Column<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe frame.append(contentsOf: $0) }
    }

    private static func append(_ number: Int64, to frame: Column<UInt8>) {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = number.magnitude
            var start = 20
            repeat {
                start -= 1
                unsafe digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 { frame.append(UInt8(ascii: "-")) }
            unsafe frame.append(contentsOf: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: digits[start...])))
        }
    }

    private static func append(key: UnsafeRawBufferPointer, to frame: Column<UInt8>) {
        let isPlain = unsafe key.allSatisfy {
            $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isPlain {
            append(ConsumerHeader.keyMark, to: frame)
            frame.append(UInt8(ascii: "\""))
            unsafe frame.append(contentsOf: key)
            frame.append(UInt8(ascii: "\""))
        } else if let text = unsafe String(validating: key, as: UTF8.self) {
            append(ConsumerHeader.keyMark + Array(JSONText.quoted(text).utf8), to: frame)
        } else {
            append(Array(",\"key_base64\":\"\(unsafe Data(key).base64EncodedString())\"".utf8), to: frame)
        }
    }
}
