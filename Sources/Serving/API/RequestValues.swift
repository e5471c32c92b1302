internal import Networking
internal import Platform

/// A request that cannot be answered, with the status and the words that the client gets.
struct RequestFailure: Error {
    let status: Int
    let code: String
    let message: String

    static func invalid(_ message: String) -> RequestFailure {
        RequestFailure(status: 400, code: "invalid_parameter", message: message)
    }

    var response: HTTPResponse { .error(status, code: code, message) }
}

/// Reads the query parameters of the interface.
struct RequestValues {
    private let query: HTTPQuery

    /// - Throws: where a parameter is not one of `known`.
    init(_ query: HTTPQuery, known: [String]) throws(RequestFailure) {
        self.query = query
        for (name, _) in query.items where !known.contains(name) {
            throw .invalid("unknown parameter `\(name.prefix(40))`; known are \(known.joined(separator: ", "))")
        }
    }

    func required(_ name: String) throws(RequestFailure) -> String {
        guard let value = query[name], !value.isEmpty else { throw .invalid("parameter `\(name)` is missing") }
        return value
    }

    func text(_ name: String, default fallback: String) -> String { query[name] ?? fallback }

    func choice(_ name: String, _ choices: [String], default fallback: String) throws(RequestFailure) -> String {
        guard let value = query[name] else { return fallback }
        guard choices.contains(value) else {
            throw .invalid("`\(name)` must be one of \(choices.joined(separator: ", "))")
        }
        return value
    }

    func integer(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws(RequestFailure) -> Int {
        guard let text = query[name] else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw .invalid("`\(name)` must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A moment in nanoseconds, written as RFC 3339 or as nanoseconds.
    func moment(_ name: String) throws(RequestFailure) -> Int64? {
        guard let text = query[name] else { return nil }
        if let nanoseconds = Int64(text) { return nanoseconds }
        guard let moment = Timestamp(rfc3339: text) else {
            throw .invalid("`\(name)` must be RFC 3339 (2026-01-31T09:30:00Z) or nanoseconds since 1970")
        }
        return moment.nanoseconds
    }
}
