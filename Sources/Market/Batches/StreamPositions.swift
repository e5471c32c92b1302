/// Where a frame stands in the log of a message broker that it comes from.
///
/// Valid as long as the frame's bytes are.
@unsafe
public struct StreamPosition {
    /// The log's name: text that tells a feed's logs apart.
    public let log: UnsafeRawBufferPointer
    /// The frame's number there; numbers rise along a log and may have holes.
    public let number: StreamNumber

    public init(log: UnsafeRawBufferPointer, number: StreamNumber) {
        unsafe self.log = unsafe log
        unsafe self.number = number
    }
}

/// The last number seen of each log of a feed: what is not beyond it was seen before.
///
/// - Threading: one owner at a time.
public struct StreamPositions: Sendable, Equatable {
    private struct Log: Sendable, Equatable {
        let name: [UInt8]
        var last: StreamNumber
    }

    private var logs: [Log] = []
    private var places: [[UInt8]: Int] = [:]
    /// The log that was asked for last: frames of one log follow each other.
    private var recent = 0

    public init() {}

    public var isEmpty: Bool { logs.isEmpty }

    /// The last number of a log; nil where it is not known.
    public subscript(log: String) -> StreamNumber? { places[Array(log.utf8)].map { logs[$0].last } }

    /// Every log known, in the order in which they became known.
    public var all: [(log: [UInt8], last: StreamNumber)] { logs.map { ($0.name, $0.last) } }

    /// Moves to a position, where it lies beyond the last of its log.
    ///
    /// - Returns: whether it does.
    /// - Complexity: allocates only where the log is another one than before.
    public mutating func advance(to position: StreamPosition) -> Bool {
        let name = unsafe position.log
        let isRecent = unsafe recent < logs.count && logs[recent].name.elementsEqual(name)
        return unsafe isRecent
            ? advance(recent, to: position.number) : advance(log: Array(name), to: position.number)
    }

    /// The same for a log by its name.
    @discardableResult
    public mutating func advance(log: [UInt8], to number: StreamNumber) -> Bool {
        if let place = places[log] { return advance(place, to: number) }
        recent = logs.count
        places[log] = logs.count
        logs.append(Log(name: log, last: number))
        return true
    }

    private mutating func advance(_ place: Int, to number: StreamNumber) -> Bool {
        recent = place
        guard number > logs[place].last else { return false }
        logs[place].last = number
        return true
    }

    public static func == (left: StreamPositions, right: StreamPositions) -> Bool { left.logs == right.logs }
}
