import Foundation
import Market
import Networking
import Synchronization
import TestKit

@testable import Stores

/// A BigQuery on loopback with one dataset `m`: keeps tables, labels and the names of jobs, and fails as a test says.
final class FakeBigQuery: Sendable {
    struct Job {
        var labels: [String: String]
        /// Answers to questions after it that it still runs.
        var running = 0
        var fault: (reason: String, message: String)?
        var bytes = 0
        var table: String
    }
    struct State {
        var tables: [String: [String: String]] = [:]
        var labels: [String: [String: String]] = [:]
        var creation = 1_795_000_000_000
        var creations: [String: Int] = [:]
        var jobs: [String: Job] = [:]
        var views: [String: String] = [:]
        var streamed: [String] = []
        /// What happens to the next load jobs, in order: nil is well.
        var faults: [(reason: String, message: String)?] = []
        /// The next load jobs are made, and their answers get lost.
        var unanswered = 0
        var labelsFail = false
        var maxOffset: Int?
        var queries: [String] = []
        var insertErrors = ""
        var hasDataset = true
    }

    let state = Mutex(State())
    private let server: AnsweringServer

    init() throws {
        server = try AnsweringServer { _ in .text("") }
        server.answer { [unowned self] asked in answer(asked.request) }
    }

    var url: String { server.url }
    var asked: [AnsweringServer.Asked] { server.asked }

    /// Makes a table with the columns that it should have, before anybody asks for it.
    func makeTable(_ schema: TableSchema, labels: [String: String] = [:]) {
        state.withLock { state in
            var columns: [String: String] = [:]
            for column in schema.columns { columns[column.name] = BigQueryTables.type(column.type) }
            columns["pipeline"] = "STRING"
            state.tables[schema.name] = columns
            state.labels[schema.name] = labels
            state.creation += 1
            state.creations[schema.name] = state.creation
        }
    }

    private func answer(_ request: HTTPRequest) -> HTTPResponse? {
        let parts = request.path.split(separator: "/").map(String.init)
        return state.withLock { state in
            if parts.contains("upload") { return load(request, &state) }
            if request.path.hasSuffix("/queries") { return query(request, &state) }
            if request.path.hasSuffix("/insertAll") {
                state.streamed.append(String(decoding: request.body, as: UTF8.self))
                return .json("{\"insertErrors\":[\(state.insertErrors)]}")
            }
            if let place = parts.firstIndex(of: "jobs") { return job(parts[place + 1], &state) }
            if let place = parts.firstIndex(of: "tables") {
                let name = place + 1 < parts.count ? parts[place + 1] : nil
                return table(request, name, dataset: parts[place - 1], &state)
            }
            if request.method == .post { state.hasDataset = true }
            return state.hasDataset ? .json("{\"location\":\"EU\"}") : fault(404, "notFound")
        }
    }

    private func fault(_ status: Int, _ reason: String, _ message: String = "no") -> HTTPResponse {
        .json("{\"error\":{\"message\":\"\(message)\",\"errors\":[{\"reason\":\"\(reason)\"}]}}", status: status)
    }

    private func table(_ request: HTTPRequest, _ name: String?, dataset: String, _ state: inout State) -> HTTPResponse {
        let body = (try? JSONSerialization.jsonObject(with: Data(request.body))) as? [String: Any] ?? [:]
        guard let name else {
            let name = (body["tableReference"] as? [String: String])?["tableId"] ?? ""
            guard state.tables[name] == nil else { return fault(409, "duplicate") }
            if let view = body["view"] as? [String: Any] {
                state.views["\(dataset).\(name)"] = view["query"] as? String
            }
            guard dataset == "m" else { return .json("{}") }
            let fields = (body["schema"] as? [String: Any])?["fields"] as? [[String: String]] ?? []
            state.tables[name] = Dictionary(uniqueKeysWithValues: fields.map { ($0["name"]!, $0["type"]!) })
            state.creation += 1
            state.creations[name] = state.creation
            return .json("{}")
        }
        guard dataset == "m", let columns = state.tables[name] else { return fault(404, "notFound") }
        if request.method == .patch {
            if state.labelsFail { return fault(503, "backendError") }
            for (key, value) in body["labels"] as? [String: String] ?? [:] {
                state.labels[name, default: [:]][key] = value
            }
        }
        let answer: [String: Any] = [
            "creationTime": "\(state.creations[name] ?? 0)", "labels": state.labels[name] ?? [:],
            "schema": ["fields": columns.map { ["name": $0, "type": $1] }],
        ]
        return .json(String(decoding: try! JSONSerialization.data(withJSONObject: answer), as: UTF8.self))
    }

    private func load(_ request: HTTPRequest, _ state: inout State) -> HTTPResponse? {
        let body = request.body
        let start = body.firstRange(of: Array("\r\n\r\n".utf8))!.upperBound
        let end = body.firstRange(of: Array("\r\n--".utf8))!.lowerBound
        let resource = try! JSONSerialization.jsonObject(with: Data(body[start..<end])) as! [String: Any]
        let name = (resource["jobReference"] as! [String: String])["jobId"]!
        guard state.jobs[name] == nil else { return fault(409, "duplicate") }
        let configuration = resource["configuration"] as! [String: Any]
        let target = (configuration["load"] as! [String: Any])["destinationTable"] as! [String: String]
        state.jobs[name] = Job(
            labels: configuration["labels"] as! [String: String], running: 2,
            fault: state.faults.isEmpty ? nil : state.faults.removeFirst(), bytes: body.count, table: target["tableId"]!
        )
        if state.unanswered > 0 {
            state.unanswered -= 1
            return .text("", status: 503)
        }
        return job(name, &state)
    }

    private func job(_ name: String, _ state: inout State) -> HTTPResponse {
        guard var job = state.jobs[name] else { return fault(404, "notFound") }
        var status = "\"state\":\"\(job.running > 0 ? "RUNNING" : "DONE")\""
        if job.running == 0, let fault = job.fault {
            status += ",\"errorResult\":{\"reason\":\"\(fault.reason)\",\"message\":\"\(fault.message)\"}"
        }
        job.running = max(0, job.running - 1)
        state.jobs[name] = job
        let labels = job.labels.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
        return .json(
            "{\"jobReference\":{\"jobId\":\"\(name)\"},\"configuration\":{\"labels\":{\(labels)}},\"status\":{\(status)}}"
        )
    }

    private func query(_ request: HTTPRequest, _ state: inout State) -> HTTPResponse {
        state.queries.append(String(decoding: request.body, as: UTF8.self))
        let value = state.maxOffset.map { "\"\($0)\"" } ?? "null"
        return .json("{\"jobComplete\":true,\"rows\":[{\"f\":[{\"v\":\(value)}]}]}")
    }
}
