internal import Platform

/// Reads what a client wrote down of a connection. Times are seconds since 1970 with decimals:
///
///     wss://host/path <-> 1618677816.84          connected
///     wss://host/path <- 1618677817.02: text     sent
///     1618677817.06: text                        received: a frame
///     https://host/path -> 1618677818.1: text    answer to a request: a frame
///
/// Any other line is passed on whole, with the time of the line before, so that the decoder rejects it where all can see
/// it.
final class ConnectionLogReader: FrameReader {
    private let lines: LineReader
    private var lastNs: Int64 = 0

    init(_ lines: LineReader) { self.lines = lines }

    var fileBytesRead: Int64 { lines.fileBytesRead }

    func next() throws -> FileFrame? {
        while let line = unsafe try lines.next() {
            var end = line.count
            while end > 0, unsafe line[end - 1] == 10 || line[end - 1] == 13 { end -= 1 }
            let text = unsafe UnsafeRawBufferPointer(rebasing: line[..<end])
            switch unsafe ConnectionLog.entry(text) {
            case .none: continue
            case .frame(let timeNs, let start):
                lastNs = timeNs
                let payload = unsafe UnsafeRawBufferPointer(rebasing: text[start...])
                return unsafe FileFrame(keyNs: timeNs, recordedNs: timeNs, payload: payload)
            case .unknown: return unsafe FileFrame(keyNs: lastNs, recordedNs: lastNs, payload: text)
            }
        }
        return nil
    }
}

/// The lines of a connection's log.
enum ConnectionLog {
    /// What a line is.
    enum Entry: Equatable {
        /// Connected, sent, or empty.
        case none
        /// A frame that starts at a place of the line.
        case frame(timeNs: Int64, start: Int)
        case unknown
    }

    static func entry(_ line: UnsafeRawBufferPointer) -> Entry {
        if line.count == 0 { return .none }
        if let (timeNs, end) = unsafe time(line, from: 0) { return unsafe frame(line, timeNs, end) }
        guard let space = unsafe line.firstIndex(of: UInt8(ascii: " ")) else { return .unknown }
        let rest = unsafe Array(line[(space + 1)...].prefix(4))
        if rest.starts(with: "<-> ".utf8) || rest.starts(with: "<- ".utf8) { return .none }
        guard rest.starts(with: "-> ".utf8), let (timeNs, end) = unsafe time(line, from: space + 4) else {
            return .unknown
        }
        return unsafe frame(line, timeNs, end)
    }

    private static func frame(_ line: UnsafeRawBufferPointer, _ timeNs: Int64, _ end: Int) -> Entry {
        guard unsafe line[end...].prefix(2).elementsEqual(": ".utf8) else { return .unknown }
        return .frame(timeNs: timeNs, start: end + 2)
    }

    /// Ten digits of seconds, with or without decimals, and the place behind them.
    private static func time(_ line: UnsafeRawBufferPointer, from start: Int) -> (ns: Int64, end: Int)? {
        var (place, ns, unit) = (start, Int64(0), Int64(1_000_000_000))
        func digit() -> Int64? {
            guard place < line.count, case let digit = unsafe line[place] &- 48, digit <= 9 else { return nil }
            return Int64(digit)
        }
        while let digit = digit(), place < start + 10 {
            ns = ns * 10 + digit
            place += 1
        }
        guard place == start + 10, digit() == nil, ns < 9_000_000_000 else { return nil }
        ns *= unit
        guard place < line.count, unsafe line[place] == UInt8(ascii: ".") else { return (ns, place) }
        place += 1
        while let digit = digit() {
            unit /= 10
            ns += digit * unit
            place += 1
        }
        return (ns, place)
    }

    /// The frame on a line that was received or sent; nil for any other line.
    static func received(_ line: String) -> Substring? {
        var line = line
        return line.withUTF8 { bytes in
            guard case .frame(_, let start) = unsafe entry(UnsafeRawBufferPointer(bytes)) else { return nil }
            return unsafe Substring(decoding: bytes[start...], as: UTF8.self)
        }
    }

    /// The address on a line that has one in front; empty for any other line.
    static func address(_ line: String) -> String {
        guard line.hasPrefix("ws") || line.hasPrefix("http") else { return "" }
        return String(line.prefix { $0 != " " })
    }
}
