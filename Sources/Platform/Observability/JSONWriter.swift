internal import CPlatform

/// Builds JSON text as bytes, without intermediate strings: what the API and the live stream send.
///
/// The caller keeps the nesting right; commas are placed by the writer.
public struct JSONWriter: Sendable {
    /// The text so far, UTF-8.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init(reservingBytes capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    /// Empties the writer and keeps its memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// A member's name; a value, object or array must follow.
    public mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A member's name that is not known when the program is built.
    public mutating func key(text name: String) {
        separate()
        quoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func value(_ number: some FixedWidthInteger) {
        separate()
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)  // room for the 20 digits of a 64-bit integer
        unsafe withUnsafeMutableBytes(of: &digits) { buffer in
            var rest = number.magnitude
            var place = buffer.count
            repeat {
                place -= 1
                unsafe buffer[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest != 0
            if number < 0 { bytes.append(UInt8(ascii: "-")) }
            unsafe bytes.append(contentsOf: buffer[place...])
        }
        needsComma = true
    }

    /// The shortest decimal text that reads back as the same number; `null` where it is not finite.
    public mutating func value(_ number: Double) {
        guard number.isFinite else { return null() }
        separate()
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
            guard let base = buffer.baseAddress else { return }
            let count = unsafe td_format_double(number, base)
            unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: base, count: count))
        }
        needsComma = true
    }

    public mutating func value(_ flag: Bool) { raw(flag ? "true" : "false") }
    public mutating func null() { raw("null") }

    public mutating func value(_ text: String) {
        separate()
        quoted(text)
        needsComma = true
    }

    /// A value that is JSON text already.
    public mutating func value(json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// The text, or `null`.
    public mutating func value(_ text: String?) {
        if let text { value(text) } else { null() }
    }

    /// A moment as RFC 3339 under `name` and as nanoseconds under `name` with `_ns`; both `null` where there is none.
    public mutating func moment(_ name: String, ns: Int64) {
        key(text: name)
        if ns == .min { null() } else { value(Timestamp(nanoseconds: ns).description) }
        key(text: name + "_ns")
        if ns == .min { null() } else { value(ns) }
    }

    private mutating func raw(_ text: StaticString) {
        separate()
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let hex = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(hex[Int(byte >> 4)])
                bytes.append(hex[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
