internal import Market

/// Writes events as the JSON text of one frame, in a buffer that is used again for every frame.
///
/// - Threading: one thread at a time.
@safe
final class SimulatorFrameWriter {
    /// Most events of a frame.
    static let mostEvents = 20
    /// More than any event takes.
    private static let mostEventBytes = 256
    private static let opening = Array(#"{"type":"events","data":["#.utf8)

    private let buffer: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private var count = 0
    /// Events in the frame.
    private(set) var events = 0
    /// `{"s":"VENUE:SYMBOL","t":` of every instrument, one after the other.
    private let beginnings: UnsafeMutablePointer<UInt8>
    private let beginningOffsets: [Int]
    private let grids: [(price: DecimalGrid, size: DecimalGrid)]
    /// The second whose ten digits are kept.
    private var second: Int64 = -1
    private let secondDigits: UnsafeMutablePointer<UInt8>

    init(_ instruments: [SimulatedInstrument]) {
        var bytes: [UInt8] = []
        var offsets = [0]
        for instrument in instruments {
            bytes += Array("{\"s\":\"\(instrument.instrument)\",\"t\":".utf8)
            offsets.append(bytes.count)
        }
        precondition(bytes.count < 64 * instruments.count, "names are short")
        unsafe beginnings = .allocate(capacity: bytes.count)
        unsafe beginnings.initialize(from: bytes, count: bytes.count)
        beginningOffsets = offsets
        grids = instruments.map { ($0.price, $0.size) }
        capacity = Self.opening.count + (Self.mostEvents + 1) * Self.mostEventBytes
        unsafe buffer = .allocate(capacity: capacity)
        unsafe buffer.initialize(repeating: 0, count: capacity)
        unsafe buffer.update(from: Self.opening, count: Self.opening.count)
        unsafe secondDigits = .allocate(capacity: 10)
        unsafe secondDigits.initialize(repeating: 0x30, count: 10)
    }

    deinit {
        unsafe buffer.deallocate()
        unsafe beginnings.deallocate()
        unsafe secondDigits.deallocate()
    }

    /// Starts a frame.
    func open() {
        count = Self.opening.count
        events = 0
    }

    /// Ends the frame. Its bytes are valid until the next `open`; at least 64 more are readable behind them.
    @unsafe func close() -> UnsafeRawBufferPointer {
        byte("]")
        byte("}")
        return unsafe UnsafeRawBufferPointer(start: buffer, count: count)
    }

    /// Appends an event.
    func append(_ event: SimulatedEvent) {
        precondition(events < Self.mostEvents, "the frame is full")
        if events > 0 { byte(",") }
        events += 1
        let begin = beginningOffsets[event.instrument]
        let length = beginningOffsets[event.instrument + 1] - begin
        unsafe (buffer + count).update(from: beginnings + begin, count: length)
        count += length
        time(event.timeNs)
        let grid = grids[event.instrument]
        if event.isTrade {
            field("p", event.price, grid.price)
            field("v", event.size, grid.size)
            field("i", event.tradeID, DecimalGrid(step: 1, decimals: 0))
            text(event.isBuy ? #","m":"buy"}"# : #","m":"sell"}"#)
        } else {
            field("b", event.price, grid.price)
            field("B", event.size, grid.size)
            field("a", event.ask, grid.price)
            field("A", event.askSize, grid.size)
            byte("}")
        }
    }

    /// `,"name":number`; the number is exact, whatever its size.
    @inline(__always)
    private func field(_ name: Unicode.Scalar, _ steps: Int64, _ grid: DecimalGrid) {
        byte(",")
        byte("\"")
        byte(name)
        byte("\"")
        byte(":")
        number(UInt64(steps * grid.step), decimals: grid.decimals)
    }

    /// Whole nanoseconds; the digits of the second are kept, since most events share it with the one before.
    @inline(__always)
    private func time(_ timeNs: Int64) {
        let (seconds, fraction) = timeNs.quotientAndRemainder(dividingBy: 1_000_000_000)
        if seconds != second {
            precondition(seconds >= 1_000_000_000 && seconds < 10_000_000_000, "times have ten digits of seconds")
            second = seconds
            unsafe Self.write(UInt64(seconds), digits: 10, at: secondDigits)
        }
        unsafe (buffer + count).update(from: secondDigits, count: 10)
        unsafe Self.write(UInt64(fraction), digits: 9, at: buffer + count + 10)
        count += 19
    }

    /// Decimal text of `value` with its last `decimals` digits behind the point.
    @inline(__always)
    private func number(_ value: UInt64, decimals: Int) {
        let scale = Self.powers[decimals]
        let whole = decimals == 0 ? value : value / scale
        var digits = 1
        while digits < 19, whole >= Self.powers[digits] { digits += 1 }
        unsafe Self.write(whole, digits: digits, at: buffer + count)
        count += digits
        guard decimals > 0 else { return }
        byte(".")
        unsafe Self.write(value - whole * scale, digits: decimals, at: buffer + count)
        count += decimals
    }

    private static let powers: [UInt64] = (0..<19).map { (0..<$0).reduce(1) { value, _ in value * 10 } }

    /// The last `digits` digits of `value`.
    @inline(__always)
    private static func write(_ value: UInt64, digits: Int, at target: UnsafeMutablePointer<UInt8>) {
        var rest = value
        var place = digits
        while place > 0 {
            place -= 1
            let shorter = rest / 10
            unsafe target[place] = 0x30 + UInt8(truncatingIfNeeded: rest - shorter * 10)
            rest = shorter
        }
    }

    @inline(__always)
    private func byte(_ scalar: Unicode.Scalar) {
        unsafe buffer[count] = UInt8(truncatingIfNeeded: scalar.value)
        count += 1
    }

    @inline(__always)
    private func text(_ text: StaticString) {
        unsafe (buffer + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }
}
