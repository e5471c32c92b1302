internal import CWebSockets

/// Bytes on their way to one peer, in order.
struct SessionOutput {
    private var chunks: [[UInt8]] = []
    /// Bytes of the first chunk that were written.
    private var offset = 0
    /// Bytes waiting.
    private(set) var bytes = 0
    /// When the peer last took bytes, or when there were first some to take.
    var lastProgressNs: Int64 = 0
    /// The library holds bytes that the socket did not take. While it does it reads nothing but would still be woken
    /// by input, without end: reading is switched off meanwhile.
    var isPausedByOutput = false
    /// Too much input waits for a handler that is busy.
    var isPausedByInput = false
    /// The sending direction was closed.
    var hasEnded = false

    var isEmpty: Bool { chunks.isEmpty }

    mutating func append(_ chunk: [UInt8]) {
        guard !chunk.isEmpty else { return }
        chunks.append(chunk)
        bytes += chunk.count
    }

    /// Writes as much as the socket takes.
    ///
    /// - Returns: false where the connection is broken.
    @unsafe
    mutating func flush(to handle: OpaquePointer) -> Bool {
        while let chunk = chunks.first {
            let count = min(chunk.count - offset, 256 << 10)
            let isWhole = unsafe chunk.withUnsafeBytes { unsafe write($0.baseAddress! + offset, count, to: handle) }
            guard isWhole else { return false }
            bytes -= count
            offset += count
            if offset == chunk.count {
                chunks.removeFirst()
                offset = 0
            }
            if isPausedByOutput { return true }
        }
        return true
    }

    /// One write; what the socket does not take the library keeps, and reading pauses until it is gone.
    @unsafe
    mutating func write(_ bytes: UnsafeRawPointer, _ count: Int, to handle: OpaquePointer) -> Bool {
        // The library's signature lacks a const: without a WebSocket role it only reads.
        let pointer = unsafe UnsafeMutablePointer(mutating: bytes.assumingMemoryBound(to: UInt8.self))
        guard unsafe lws_write(handle, pointer, count, LWS_WRITE_HTTP) >= 0 else { return false }
        if unsafe lws_partial_buffered(handle) != 0 {
            isPausedByOutput = true
            unsafe lws_rx_flow_control(handle, 0)
        }
        return true
    }
}
