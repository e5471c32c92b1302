/// What waits for one WebSocket client: bounded in messages and bytes, first in, first out.
struct OutboundQueue {
    let maxMessages: Int
    let maxBytes: Int
    /// Messages and bytes that were accepted and not yet written, including those the writer has taken.
    private(set) var messages = 0
    private(set) var bytes = 0
    private var waiting: [WebSocketFrames] = []
    private var isScheduled = false
    private var isClosed = false

    init(maxMessages: Int, maxBytes: Int) {
        self.maxMessages = maxMessages
        self.maxBytes = maxBytes
    }

    /// Appends `frames` if they fit; `schedule` says that the writer has to be told.
    mutating func push(_ frames: WebSocketFrames) -> (result: WebSocketConnection.SendResult, schedule: Bool) {
        if isClosed { return (.closed, false) }
        guard messages + frames.messageCount <= maxMessages, bytes + frames.byteCount <= maxBytes else {
            return (.full, false)
        }
        messages += frames.messageCount
        bytes += frames.byteCount
        waiting.append(frames)
        defer { isScheduled = true }
        return (.accepted, !isScheduled)
    }

    /// Exchanges everything that waits for the emptied `batch`; with nothing waiting the next push schedules again.
    mutating func take(into batch: inout [WebSocketFrames]) {
        precondition(batch.isEmpty)
        swap(&batch, &waiting)
        if batch.isEmpty { isScheduled = false }
    }

    /// Taken messages were written.
    mutating func wrote(messages: Int, bytes: Int) {
        self.messages -= messages
        self.bytes -= bytes
    }

    /// Drops what waits and refuses more.
    mutating func close() {
        isClosed = true
        waiting = []
        messages = 0
        bytes = 0
    }
}
