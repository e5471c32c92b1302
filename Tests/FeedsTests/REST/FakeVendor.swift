import Foundation
import Networking
import Platform
import Synchronization

@testable import Feeds

/// A vendor's server that answers as a test says, and keeps what it was asked.
final class FakeVendor: Sendable {
    /// One request, as a test looks at it.
    struct Asked: Sendable {
        let path: String
        let query: HTTPQuery
        let headers: HTTPHeaders
        let atNs: Int64
        /// Path and query, decoded.
        var text: String { path + "?" + query.items.map { "\($0.name)=\($0.value)" }.joined(separator: "&") }
    }

    private let server: HTTPServer
    private let log: Log
    /// Requests that are never answered.
    private let held = Held()

    private final class Log: Sendable { let asked = Mutex<[Asked]>([]) }
    private final class Held: Sendable { let responders = Mutex<[HTTPResponder]>([]) }

    /// - Parameter answer: gets a request and its number, from 0; nil never answers.
    init(_ answer: @escaping @Sendable (Asked, Int) -> HTTPResponse?) throws {
        var options = HTTPServer.Options()
        options.port = 0
        let (log, held) = (Log(), held)
        self.log = log
        server = try HTTPServer(options: options) { request, responder in
            let asked = Asked(
                path: request.path, query: request.query, headers: request.headers, atNs: Stopwatch.monotonicNs())
            let number = log.asked.withLock { list in
                list.append(asked)
                return list.count - 1
            }
            if let response = answer(asked, number) {
                responder.respond(response)
            } else {
                held.responders.withLock { $0.append(responder) }
            }
        }
    }

    deinit {
        held.responders.withLock { $0 = [] }
        server.stop()
    }

    var url: String { server.url }
    var asked: [Asked] { log.asked.withLock { $0 } }

    /// Runs a feed until it ends, or until its records and status are as wished; returns the records.
    static func run(
        _ source: any FeedSource, status: FeedStatus = FeedStatus(name: "vendor"),
        until isEnough: @escaping ([String]) -> Bool = { $0.last == "end" }
    ) -> [String] {
        let sink = RecordingSink()
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            do { try source.run(into: sink, status: status) } catch { status.set(.degraded, "\(error)") }
            ended.signal()
        }
        let records = sink.wait(isEnough)
        sink.cancel()
        ended.wait()
        return records
    }
}

extension Array where Element == String {
    /// Bodies of the answers among records.
    var bodies: [String] {
        filter { $0.hasPrefix("frame ") }.map {
            String($0.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).last ?? "")
        }
    }
}

extension HTTPResponse {
    static func csv(_ text: String) -> HTTPResponse { .text(text, type: "text/csv") }
}
