internal import Networking
public import Platform

/// Follows a bridge without keeping anything: what `tapedeck mt5 watch` shows.
///
/// Runs the same line as the feed, reconnects included. It gives the bridge no name, so that the bridge keeps nothing of
/// it either, and what a feed has acknowledged is not touched.
public struct MT5Watch: Sendable {
    private let venue: LiveVenue

    /// - Parameters:
    ///   - url: of the bridge.
    ///   - historySeconds: how far back to begin.
    /// - Throws: `ConfigError` where the address or the file of authorities is of no use.
    public init(
        url text: String, token: String?, authorityFile: String?, symbols: [String], wantsAccount: Bool,
        historySeconds: Int64
    ) throws(ConfigError) {
        let url: WebSocketURL
        do {
            url = try WebSocketURL(text)
        } catch {
            throw ConfigError("\(text): \(error.message)", suggestion: "write `ws://127.0.0.1:8765`")
        }
        var connection = WebSocketClient.Options()
        connection.authorityFile = authorityFile
        if let token { connection.headers = ["Authorization": "Bearer \(token)"] }
        var policy = LiveSession.Policy()
        policy.staleNs = 30_000_000_000
        policy.reconnect.maxNs = 5_000_000_000
        let messages = MT5Messages(symbols: symbols, wantsAccount: wantsAccount, historySeconds: historySeconds)
        venue = LiveVenue(
            name: "mt5", url: url, subscribe: [messages.subscribe], unsubscribe: [messages.unsubscribe],
            settings: SessionSettings(decoder: "mt5"), connection: connection, policy: policy,
            acknowledge: MT5Messages.acknowledge)
    }

    /// Gives every message to `show`, on one thread at a time, until `isCancelled`.
    ///
    /// - Throws: what `show` throws.
    public func run(
        isCancelled: @escaping @Sendable () -> Bool, show: @escaping @Sendable (String) throws -> Void
    ) throws {
        let output = Shown(isCancelled: isCancelled, show: show)
        try WebSocketTransport(venue).run(into: output, status: FeedStatus(name: venue.name))
    }
}

/// Shows frames instead of keeping them: what was shown counts as safe.
private final class Shown: FeedOutput, FrameSink, @unchecked Sendable {  // the line calls one at a time
    private let cancelled: @Sendable () -> Bool
    private let show: @Sendable (String) throws -> Void
    private var frames: Int64 = 0

    init(isCancelled: @escaping @Sendable () -> Bool, show: @escaping @Sendable (String) throws -> Void) {
        cancelled = isCancelled
        self.show = show
    }

    func sink(feed name: String) -> any FrameSink { self }
    var isCancelled: Bool { cancelled() }
    var progress: FrameProgress? { FrameProgress(given: frames, durable: frames) }

    func begin(settings: String, ingestTime: Timestamp) {}
    func heartbeat(ingestTime: Timestamp) {}
    func end(ingestTime: Timestamp) {}
    func frame(_ payload: UnsafeRawBufferPointer, ingestTime: Timestamp) throws {
        frames += 1
        try unsafe show(String(decoding: payload, as: UTF8.self))
    }
}
