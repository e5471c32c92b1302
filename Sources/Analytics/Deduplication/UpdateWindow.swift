internal import Platform

/// Which quote updates of one instrument were seen.
///
/// Update numbers rise but are not contiguous, so an exact set would grow for ever. Kept are the highest numbers of the
/// current session exactly, and of everything else the spans that were received: a number inside a span but below the
/// exact ones counts as seen. A session that was played before is therefore recognised as a whole, while a recording of
/// an earlier day, whose numbers lie below, is not mistaken for a repetition.
struct UpdateWindow: Sendable, Equatable {
    /// Numbers from `first` to `last`, both included.
    struct Span: Sendable, Equatable {
        var first: Int64
        var last: Int64
    }
    /// Spans kept at most; beyond that the two lowest become one.
    static let spansMax = 256

    /// Spans of earlier sessions, disjoint and rising.
    private(set) var sealed: [Span] = []
    /// What the current session has covered.
    private(set) var current: Span?
    /// The exact numbers of the current session: the highest, rising. May hold up to twice the window for a while.
    private var exact: [Int64] = []
    /// Whether numbers of the current session have left the window.
    private var hasOverflowed = false

    init() {}

    /// Takes in a number; false where it was seen before.
    mutating func insert(_ number: Int64, window: Int) -> Bool {
        if isSealed(number) { return false }
        guard let span = current else {
            start(at: number)
            return true
        }
        if number > span.last {
            current?.last = number
            exact.append(number)
            trim(window)
            return true
        }
        if hasOverflowed, number < exact[exact.count - min(exact.count, window)] {
            if number >= span.first { return false }
            seal()
            start(at: number)
            return true
        }
        let place = firstPlace(notBelow: number)
        if place < exact.count, exact[place] == number { return false }
        exact.insert(number, at: place)
        current?.first = min(span.first, number)
        trim(window)
        return true
    }

    /// Ends the session: its span is remembered, its exact numbers are not.
    mutating func seal() {
        guard var span = current else { return }
        current = nil
        exact.removeAll(keepingCapacity: true)
        hasOverflowed = false
        var place = 0
        while place < sealed.count, sealed[place].last < span.first { place += 1 }
        while place < sealed.count, sealed[place].first <= span.last {
            span.first = min(span.first, sealed[place].first)
            span.last = max(span.last, sealed[place].last)
            sealed.remove(at: place)
        }
        sealed.insert(span, at: place)
        if sealed.count > Self.spansMax {
            sealed[1].first = sealed[0].first
            sealed.removeFirst()
        }
    }

    private mutating func start(at number: Int64) {
        current = Span(first: number, last: number)
        exact.append(number)
    }

    private func isSealed(_ number: Int64) -> Bool {
        guard let top = sealed.last, number <= top.last else { return false }
        return sealed.contains { $0.first <= number && number <= $0.last }
    }

    private func firstPlace(notBelow number: Int64) -> Int {
        var low = 0
        var high = exact.count
        while low < high {
            let middle = (low + high) / 2
            if exact[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Lets the lowest numbers go, many at a time.
    private mutating func trim(_ window: Int) {
        if exact.count > window { hasOverflowed = true }
        if exact.count >= 2 * window { exact.removeFirst(exact.count - window) }
    }

    // MARK: Checkpoint

    func encode(into writer: inout BinaryWriter, window: Int) {
        writer.write(UInt32(sealed.count))
        for span in sealed {
            writer.write(span.first)
            writer.write(span.last)
        }
        writer.write(current != nil)
        guard let current else { return }
        writer.write(current.first)
        writer.write(current.last)
        writer.write(hasOverflowed)
        let kept = exact.suffix(window)
        writer.write(UInt32(kept.count))
        for number in kept { writer.write(number) }
    }

    init(from reader: inout BinaryReader) throws(EngineStateError) {
        for _ in 0..<(try reader.value(UInt32.self)) {
            sealed.append(Span(first: try reader.value(), last: try reader.value()))
        }
        guard try reader.flag() else { return }
        current = Span(first: try reader.value(), last: try reader.value())
        hasOverflowed = try reader.flag()
        for _ in 0..<(try reader.value(UInt32.self)) { exact.append(try reader.value()) }
        guard !exact.isEmpty else { throw EngineStateError.damaged(at: reader.position, "no quote update numbers") }
    }
}
