internal import CommandLineKit
internal import Databases
internal import Foundation
internal import Platform

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

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
        let body = try JSONDecoder().decode(Body.self, from: data)
        if let failure = body.error { throw Failure(description: failure.message) }
        let types = (body.columns ?? []).map(\.type)
        return Answer(
            columns: (body.columns ?? []).map(\.name),
            isNumeric: types.map { ["integer", "float", "decimal"].contains($0) },
            rows: (body.rows ?? []).map { $0.map(\.value) }, isTruncated: body.truncated ?? false)
    }

    private struct Failure: Error, CustomStringConvertible { let description: String }

    private struct Body: Decodable {
        struct Column: Decodable {
            let name: String
            let type: String
        }
        struct Failure: Decodable { let message: String }
        let columns: [Column]?
        let rows: [[Cell]]?
        let truncated: Bool?
        let error: Failure?
    }

    /// One value of the answer; integers keep all their digits, numbers are rounded correctly.
    private struct Cell: Decodable {
        let value: SQLValue

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                value = .null
            } else if let flag = try? container.decode(Bool.self) {
                value = .boolean(flag)
            } else if let number = try? container.decode(Int64.self) {
                value = .integer(number)
            } else if let number = try? container.decode(Double.self) {
                value = .double(number)
            } else if let text = try? container.decode(String.self) {
                value = .text(text)
            } else if let cells = try? container.decode([Cell].self) {
                value = .list(cells.map(\.value))
            } else {
                let members = try container.decode([String: Cell].self)
                value = .structure(members.sorted { $0.key < $1.key }.map { SQLValue.Field($0.key, $0.value.value) })
            }
        }
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
