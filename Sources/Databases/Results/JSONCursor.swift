internal import CPlatform
internal import Platform

/// A place in memory where JSON is written; whoever makes it has seen to it that there is room.
@safe
struct JSONCursor {
    private(set) var end: UnsafeMutablePointer<UInt8>

    init(_ end: UnsafeMutablePointer<UInt8>) { unsafe self.end = unsafe end }

    /// Bytes that values of fixed width take at most.
    static let valueBytesMax = 48
    /// Bytes that the longest escape of one byte takes.
    static let escapeBytesMax = 6

    @inline(__always)
    mutating func byte(_ value: Unicode.Scalar) {
        unsafe end.pointee = UInt8(truncatingIfNeeded: value.value)
        unsafe end += 1
    }

    @inline(__always)
    mutating func copy(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        unsafe end.update(from: bytes, count: count)
        unsafe end += count
    }

    mutating func word(_ text: StaticString) { unsafe copy(text.utf8Start, text.utf8CodeUnitCount) }

    @inline(__always)
    mutating func integer(_ value: Int64) { unsafe end += td_format_integer(value, characters) }

    @inline(__always)
    mutating func double(_ value: Double) {
        if value.isFinite { unsafe end += td_format_double(value, characters) } else { word("null") }
    }

    private var characters: UnsafeMutablePointer<CChar> {
        unsafe UnsafeMutableRawPointer(end).assumingMemoryBound(to: CChar.self)
    }

    /// An exact number, as text.
    mutating func decimal(_ units: Int128, scale: Int) {
        byte("\"")
        if units < 0 { byte("-") }
        let digits = Array(String(units.magnitude).utf8)
        let missing = max(0, scale + 1 - digits.count)
        let whole = digits.count + missing - scale
        for place in 0..<digits.count + missing {
            if place == whole { byte(".") }
            byte(place < missing ? "0" : Unicode.Scalar(digits[place - missing]))
        }
        byte("\"")
    }

    /// `"2026-01-31T09:30:00.123456Z"`, its day given as text.
    mutating func moment(_ day: UnsafePointer<UInt8>, microsecondsOfDay: Int64) {
        let (seconds, fraction) = microsecondsOfDay.quotientAndRemainder(dividingBy: 1_000_000)
        let (minutes, second) = seconds.quotientAndRemainder(dividingBy: 60)
        byte("\"")
        unsafe copy(day, 10)
        byte("T")
        twoDigits(minutes / 60)
        byte(":")
        twoDigits(minutes % 60)
        byte(":")
        twoDigits(second)
        byte(".")
        twoDigits(fraction / 10_000)
        twoDigits(fraction / 100 % 100)
        twoDigits(fraction % 100)
        byte("Z")
        byte("\"")
    }

    @inline(__always)
    private mutating func twoDigits(_ value: Int64) {
        unsafe end[0] = UInt8(truncatingIfNeeded: value / 10) + 48
        unsafe end[1] = UInt8(truncatingIfNeeded: value % 10) + 48
        unsafe end += 2
    }

    /// UTF-8 with quotes, escaped as RFC 8259 section 7 asks.
    mutating func text(_ bytes: UnsafeRawBufferPointer) {
        byte("\"")
        for place in 0..<bytes.count {
            let byte = unsafe bytes[place]
            if byte >= 0x20, byte != 0x22, byte != 0x5c {
                unsafe end.pointee = byte
                unsafe end += 1
            } else {
                escape(byte)
            }
        }
        byte("\"")
    }

    private mutating func escape(_ value: UInt8) {
        byte("\\")
        switch value {
        case 0x22: byte("\"")
        case 0x5c: byte("\\")
        case 0x0a: byte("n")
        case 0x0d: byte("r")
        case 0x09: byte("t")
        default:
            word("u00")
            for half in [value >> 4, value & 15] { byte(Unicode.Scalar(half < 10 ? half + 48 : half + 87)) }
        }
    }

    /// Base64 with padding and quotes.
    mutating func base64(_ bytes: UnsafeRawBufferPointer) {
        byte("\"")
        unsafe end += Base64.encode(bytes, to: end)
        byte("\"")
    }
}
