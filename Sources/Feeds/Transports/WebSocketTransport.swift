internal import Market
internal import Networking
internal import Platform
internal import Synchronization

/// Receives one venue's frames over WebSockets, for as long as it takes.
///
/// A frame goes to the sink as it came, before anyone looks inside. The session is never ended by a stop: it goes on
/// with the next start, and ending it would close bars that trades may still come for.
final class WebSocketTransport: FeedSource {
    private let lines: [LiveVenue]
    private let client: (any HistoryClient)?
    private let patience: GapFill.Patience

    convenience init(_ venue: LiveVenue) { self.init([venue], client: nil) }

    /// - Parameters:
    ///   - lines: what is asked for over each of several connections, all of one feed; the first one's history is used.
    ///   - client: what asks for trades that were missed; nil asks for none.
    init(_ lines: [LiveVenue], client: (any HistoryClient)?, patience: GapFill.Patience = GapFill.Patience()) {
        precondition(!lines.isEmpty, "a feed has at least one line")
        self.lines = lines.enumerated().map { number, line in
            var line = line
            line.line = lines.count > 1 ? "\(number + 1)" : ""
            return line
        }
        self.client = client
        self.patience = patience
    }

    /// The first error of any thread.
    private final class Failure: Sendable {
        private let first = Mutex<(any Error)?>(nil)
        var error: (any Error)? { first.withLock { $0 } }
        func note(_ error: any Error) { first.withLock { $0 = $0 ?? error } }
    }

    func run(into output: any FeedOutput, status: FeedStatus) throws {
        let reports = LineReports(status, lines: lines.count)
        let filler = try makeFiller(output)
        let running = try lines.indices.map { number in
            try LiveLine(
                lines[number], sink: try output.sink(feed: lines[number].name), report: reports.line(number),
                filler: filler, hours: MarketHours(venues: lines[number].venues, output.calendars))
        }
        let failure = Failure()
        let run: @Sendable (LiveLine) -> Void = { line in
            do {
                try line.run { output.isCancelled || failure.error != nil }
            } catch {
                failure.note(error)
            }
        }
        let threads = running.indices.dropFirst().map { number in
            NamedThread("\(lines[number].name)-\(number + 1)") { run(running[number]) }
        }
        run(running[0])
        for thread in threads { thread.join() }
        filler?.stop()
        if let error = failure.error { throw error }
    }

    private func makeFiller(_ output: any FeedOutput) throws -> GapFiller? {
        guard let client, let history = lines[0].history else { return nil }
        return try GapFiller(
            feed: lines[0].name, settings: lines[0].settings.text, history: history, client: client,
            sink: try output.sink(feed: lines[0].name), patience: patience)
    }
}
