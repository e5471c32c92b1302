import Foundation
import Networking

@testable import Feeds

/// Runs a feed until it ends, or until its records and status are as wished; returns the records.
func recordsOfVendor(
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
