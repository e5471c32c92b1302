import Delivery
import Foundation
import Market
import Networking
import Platform
import TestKit
import Testing

@testable import Stores

/// A request to publish, as a server sees it.
private struct Publish: Decodable {
    struct Message: Decodable {
        let data: Data
        let attributes: [String: String]?
        let orderingKey: String?
    }
    let messages: [Message]
}

@Suite struct PubSubTargetTests {
    private let folder = TemporaryFolder()

    private func target(_ service: AnsweringServer, _ more: [String] = []) throws -> PubSubTarget {
        let options = try Options(PubSubSink.spec, assignments: ["project=p", "endpoint=\(service.url)"] + more)
        return PubSubTarget(
            try PubSubSinkSettings(options, environment: [:]),
            SinkContext(pipeline: "test", sink: "pubsub", folder: folder.path))
    }

    private func published(_ service: AnsweringServer, _ topic: String = "tapedeck.trades") throws -> [Publish] {
        try service.asked.filter { $0.path == "/v1/projects/p/topics/\(topic):publish" }
            .map { try JSONDecoder().decode(Publish.self, from: Data($0.request.body)) }
    }

    /// Offset and index, and whose place in the order that is.
    private func places(_ requests: [Publish]) -> [String: [[Int]]] {
        var places: [String: [[Int]]] = [:]
        for message in requests.flatMap(\.messages) {
            let parts = (message.attributes?["tapedeck"] ?? "").split(separator: "/")
            places[message.orderingKey ?? "", default: []].append(parts[2...3].map { Int($0) ?? -1 })
        }
        return places
    }

    @Test func `rows are messages in the order of their instruments, one ordering key a request`() throws {
        let service = try AnsweringServer { _ in .json("{}") }
        let target = try target(service)
        try target.open([Tables.trades])
        let created = service.asked.filter { $0.method == .put }.map(\.path)
        #expect(created == ["trades", "rejected"].map { "/v1/projects/p/topics/tapedeck.\($0)" })
        #expect(target.committedOffset(Tables.trades) == -1)
        let rows = try SampleRows()
        #expect(try target.deliver(try rows.unit(0..<7000, seed: 1)) == 7000)
        #expect(target.committedOffset(Tables.trades) == 3499)
        let requests = try published(service)
        #expect(requests.allSatisfy { Set($0.messages.map(\.orderingKey)).count == 1 && $0.messages.count <= 1000 })
        let places = places(requests)
        #expect(places.count == 3 && places.values.map(\.count).reduce(0, +) == 7000)
        for ofKey in places.values { #expect(ofKey == ofKey.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) }) }
        let message = try #require(
            requests.flatMap(\.messages).first { $0.attributes?["tapedeck"]?.contains("/77/1/") == true })
        #expect(message.attributes?["tapedeck"] == "test/trades/77/1/\(MessageIdentity.schema(Tables.trades))")
        let row = try #require(try JSONSerialization.jsonObject(with: message.data) as? [String: Any])
        #expect(row["journal_offset"] as? Int == 77 && row["frame_index"] as? Int == 1)
        #expect(message.orderingKey == "\(row["venue"] ?? ""):\(row["symbol"] ?? "")")
    }

    @Test func `without order requests are full`() throws {
        let service = try AnsweringServer { _ in .json("{}") }
        let target = try target(service, ["ordered=false", "requests=1"])
        try target.open([Tables.trades])
        _ = try target.deliver(try SampleRows().unit(0..<2500))
        let requests = try published(service)
        #expect(requests.map(\.messages.count) == [1000, 1000, 500])
        #expect(requests.allSatisfy { $0.messages.allSatisfy { $0.orderingKey == nil } })
    }

    @Test func `what a failure left is sent again with the same identity, and a restart goes on behind what was sent`()
        throws
    {
        let service = try AnsweringServer { asked in
            // 503 would be asked again.
            asked.number == 4
                ? .json(#"{"error":{"status":"INVALID_ARGUMENT","message":"later"}}"#, status: 400) : .json("{}")
        }
        let first = try target(service)
        try first.open([Tables.trades])
        let rows = try SampleRows()
        let error = #expect(throws: DeliveryError.self) { _ = try first.deliver(try rows.unit(0..<600)) }
        #expect(error?.kind == .setup && error?.message.contains("later") == true)
        #expect(first.committedOffset(Tables.trades) == -1)
        let second = try target(service)
        try second.open([Tables.trades])
        _ = try second.deliver(try rows.unit(0..<600))
        var values: [String: Set<Data>] = [:]
        for message in try published(service).flatMap(\.messages) {
            values[message.attributes?["tapedeck"] ?? "", default: []].insert(message.data)
        }
        #expect(values.count == 600 && values.values.allSatisfy { $0.count == 1 })
        let third = try target(service)
        try third.open([Tables.trades])
        #expect(third.committedOffset(Tables.trades) == 299)
        #expect(kind { _ = try third.deliver(try rows.unit(0..<600)) } == .conflict)
        let elsewhere = try target(service, ["prefix=other."])
        try elsewhere.open([Tables.trades])
        #expect(elsewhere.committedOffset(Tables.trades) == -1)
    }

    @Test func `a service that has no time now and then is nothing to tell`() throws {
        let service = try AnsweringServer { asked in
            asked.number % 3 == 2 ? .json(#"{"error":{"status":"UNAVAILABLE"}}"#, status: 503) : .json("{}")
        }
        let target = try target(service)
        try target.open([Tables.trades])
        #expect(try target.deliver(try SampleRows().unit(0..<7000)) == 7000)
        #expect(try published(service).flatMap(\.messages).count > 7000)
    }

    @Test func `topics that are there are used, also by those who may only publish`() throws {
        let service = try AnsweringServer { asked in
            if asked.path.hasSuffix(":testIamPermissions") {
                return .json(#"{"permissions":["pubsub.topics.publish"]}"#)
            }
            guard asked.method == .put else { return .json("{}") }
            return asked.path.hasSuffix("trades")
                ? .json(
                    #"{"error":{"errors":[{"reason":"alreadyExists"}],"status":"ALREADY_EXISTS","message":"there"}}"#,
                    status: 409)
                : .json(#"{"error":{"status":"PERMISSION_DENIED","message":"no"}}"#, status: 403)
        }
        let target = try target(service)
        try target.open([Tables.trades])
        #expect(try target.deliver(try SampleRows().unit(0..<10)) == 10)
        service.answer { asked in
            asked.path.hasSuffix(":testIamPermissions")
                ? .json("{}") : .json(#"{"error":{"status":"PERMISSION_DENIED","message":"not you"}}"#, status: 403)
        }
        let error = #expect(throws: DeliveryError.self) { try target.open([Tables.trades]) }
        #expect(error?.kind == .setup && error?.message.contains("not you") == true)
    }

    @Test func `a row that no request takes is told before anything is sent, and gone past`() throws {
        let service = try AnsweringServer { _ in .json("{}") }
        let target = try target(service)
        try target.open([Tables.trades])
        var rows = try SampleRows()
        rows.textBytes = 9_000_000
        #expect(kind { _ = try target.deliver(try rows.unit(0..<2)) } == .row)
        #expect(try published(service).isEmpty)
        try target.reject(Tables.trades, after: -1, last: 0, reason: "too \"large\"")
        let left = try #require(try published(service, "tapedeck.rejected").first?.messages.first)
        let said = try #require(try JSONSerialization.jsonObject(with: left.data) as? [String: Any])
        #expect(said["reason"] as? String == "too \"large\"" && said["journal_offset"] as? Int == 0)
        #expect(target.committedOffset(Tables.trades) == 0)
    }

    @Test(arguments: [
        (["project="], "project"), (["prefix=goog"], "prefix"), (["prefix=1."], "prefix"), (["prefix=a b"], "prefix"),
        (["requests=0"], "requests"),
    ])
    func `options that do not fit are told`(more: [String], option: String) throws {
        let options = try Options(PubSubSink.spec, assignments: ["project=p"] + more)
        let error = #expect(throws: ConfigError.self) { try PubSubSinkSettings(options, environment: [:]) }
        #expect("\(error!)".contains(option))
    }
}
