internal import CPlatform

/// Writes JSON values as text.
public enum JSONText {
    /// A string with quotes, escaped as RFC 8259 section 7 asks.
    public static func quoted(_ text: String) -> String {
        var result = "\""
        result.reserveCapacity(text.utf8.count + 2)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// The shortest decimal text that reads back as `value`; `null` where it is not finite.
    public static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        var text = ""
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
            guard let base = buffer.baseAddress else { return }
            let count = unsafe td_format_double(value, base)
            text = unsafe String(decoding: UnsafeRawBufferPointer(start: base, count: count), as: UTF8.self)
        }
        return text
    }

    /// A number, a Boolean or quoted text, by the value's type.
    public static func value(_ value: any Sendable) -> String {
        switch value {
        case let value as Bool: value ? "true" : "false"
        case let value as any FixedWidthInteger: "\(value)"
        case let value as Double: number(value)
        default: quoted("\(value)")
        }
    }
}
