internal import Databases
internal import Foundation
#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif
internal import CommandLineKit
internal import Platform

/// Asks a running pipeline through its interface.
enum RemoteQuery {
    struct Answer {
        let columns: [String]
        let isNumeric: [Bool]
        let rows: [[SQLValue]]
        let isTruncated: Bool
    }

    /// Runs a query; nil where nobody answers at the address (a crash left it behind).
    static func run(_ sql: String, _ url: String, limit: Int) throws -> Answer? {
        guard let address = URL(string: url + "/api/v1/query") else { return nil }
        var request = URLRequest(url: address, timeoutInterval: 70)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data("{\"sql\":\(JSONText.quoted(sql)),\"limit\":\(min(limit, 100_000))}".utf8)
        let received = Received()
        let finished = DispatchSemaphore(value: 0)
        URLSession.shared.dataTask(with: request) { data, _, error in
            received.set(data, error)
            finished.signal()
        }.resume()
        finished.wait()
        guard let data = received.data else {
            if let error = received.error as? URLError, error.code == .cannotConnectToHost { return nil }
            throw received.error ?? URLError(.unknown)
        }
        guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else { return nil }
        if let failure = object["error"] as? [String: Any] {
            throw Failure(description: failure["message"] as? String ?? "the query failed")
        }
        let columns = object["columns"] as? [[String: String]] ?? []
        let types = columns.map { $0["type"] ?? "" }
        let rows = object["rows"] as? [[Any]] ?? []
        return Answer(
            columns: columns.map { $0["name"] ?? "" },
            isNumeric: types.map { ["integer", "float", "decimal"].contains($0) },
            rows: rows.map { row in zip(row, types).map(Self.value) },
            isTruncated: object["truncated"] as? Bool ?? false)
    }

    private struct Failure: Error, CustomStringConvertible { let description: String }

    private static func value(_ value: Any, _ type: String) -> SQLValue {
        switch value {
        case is NSNull: .null
        case let text as String: .text(text)
        case let number as NSNumber:
            switch type {
            case "boolean": .boolean(number.boolValue)
            case "integer": .integer(number.int64Value)
            default: .double(number.doubleValue)
            }
        default: .text(json(value))
        }
    }

    private static func json(_ value: Any) -> String {
        (try? JSONSerialization.data(withJSONObject: value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Hands the answer from the session's thread to the waiting one; the semaphore orders the two.
    private final class Received: @unchecked Sendable {
        private(set) var data: Data?
        private(set) var error: (any Error)?
        func set(_ data: Data?, _ error: (any Error)?) {
            self.data = data
            self.error = error
        }
    }
}
