internal import Platform

/// What waits for one WebSocket client: bounded in messages and bytes, first in, first out.
///
/// Messages are copied behind one another, so that the writer hands all that wait to the socket as they lie.
struct OutboundQueue {
    let maxMessages: Int
    let maxBytes: Int
    /// Messages and bytes that were accepted and not yet written, including those the writer has taken.
    private(set) var messages = 0
    private(set) var bytes = 0
    private var waiting = Column<UInt8>()
    private var waitingMessages = 0
    /// The writer knows that something waits, and will look again.
    private var isScheduled = false
    private(set) var isClosed = false

    init(maxMessages: Int, maxBytes: Int) {
        self.maxMessages = maxMessages
        self.maxBytes = maxBytes
    }

    /// Appends messages of `frames` from the front of `runs`, as many as fit.
    ///
    /// - Returns: how many; `schedule` says that the writer has to be told.
    mutating func push(_ frames: WebSocketFrames, _ runs: some Collection<Range<Int>>) -> (count: Int, schedule: Bool) {
        guard !isClosed else { return (0, false) }
        var count = 0
        for run in runs {
            let fitting = fitting(frames, run)
            append(frames, fitting)
            count += fitting.count
            if fitting.count < run.count { break }
        }
        guard count > 0 else { return (0, false) }
        defer { isScheduled = true }
        return (count, !isScheduled)
    }

    /// True where all of `frames` fits.
    func hasRoom(for frames: WebSocketFrames) -> Bool {
        messages + frames.messageCount <= maxMessages && bytes + frames.byteCount <= maxBytes
    }

    private func fitting(_ frames: WebSocketFrames, _ run: Range<Int>) -> Range<Int> {
        var end = run.lowerBound + max(0, min(run.count, maxMessages - messages))
        while end > run.lowerBound, bytes + frames.byteRange(run.lowerBound..<end).count > maxBytes { end -= 1 }
        return run.lowerBound..<end
    }

    private mutating func append(_ frames: WebSocketFrames, _ run: Range<Int>) {
        let range = frames.byteRange(run)
        unsafe frames.bytes.withUnsafeBytes { bytes in
            unsafe waiting.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
        waitingMessages += run.count
        messages += run.count
        bytes += range.count
    }

    /// Exchanges everything that waits for the emptied `batch`; with nothing waiting the next push schedules again.
    ///
    /// - Returns: messages in `batch`.
    mutating func take(into batch: inout Column<UInt8>) -> Int {
        precondition(batch.count == 0)
        guard waitingMessages > 0 else {
            isScheduled = false
            return 0
        }
        swap(&batch, &waiting)
        defer { waitingMessages = 0 }
        return waitingMessages
    }

    /// Taken messages were written.
    mutating func wrote(messages: Int, bytes: Int) {
        guard !isClosed else { return }
        self.messages -= messages
        self.bytes -= bytes
    }

    /// Drops what waits and refuses more.
    mutating func close() {
        isClosed = true
        waiting = Column()
        waitingMessages = 0
        messages = 0
        bytes = 0
    }
}
