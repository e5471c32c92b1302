internal import Databases
internal import Foundation
internal import Platform

/// A page of the answer to a user's query.
///
/// - Source: BigQuery REST reference v2, "jobs.getQueryResults", "TableSchema"; formatOptions.useInt64Timestamp.
struct BigQueryResults: Decodable {
    struct Field: Decodable {
        let name: String
        let type: String
        let mode: String?
        let fields: [Field]?
    }
    struct Schema: Decodable {
        let fields: [Field]?
    }

    let jobComplete: Bool?
    let schema: Schema?
    let rows: [BigQueryValue.Row]?
    let pageToken: String?
}

/// A value as BigQuery writes it: text, or what is made of others.
indirect enum BigQueryValue: Decodable {
    struct Row: Decodable {
        let f: [Cell]
    }
    struct Cell: Decodable {
        let v: BigQueryValue?
    }

    case text(String)
    case list([Cell])
    case row(Row)

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let cells = try? value.decode([Cell].self) {
            self = .list(cells)
        } else {
            self = .row(try value.decode(Row.self))
        }
    }
}

extension BigQueryResults.Field {
    var sqlType: SQLType {
        if mode == "REPEATED" { return .list }
        return switch type {
        case "INTEGER", "INT64": .integer
        case "FLOAT", "FLOAT64": .float
        case "BOOLEAN", "BOOL": .boolean
        case "NUMERIC", "BIGNUMERIC": .decimal
        case "TIMESTAMP": .timestamp
        case "BYTES": .binary
        case "RECORD", "STRUCT": .structure
        default: .text
        }
    }

    func value(_ value: BigQueryValue?) -> SQLValue {
        switch value {
        case nil: .null
        case .list(let cells): .list(cells.map { self.value($0.v) })
        case .row(let row):
            .structure(zip(fields ?? [], row.f).map { SQLValue.Field($0.name, $0.value($1.v)) })
        case .text(let text): scalar(text)
        }
    }

    private func scalar(_ text: String) -> SQLValue {
        switch type {
        case "INTEGER", "INT64": Int64(text).map { .integer($0) } ?? .text(text)
        case "FLOAT", "FLOAT64": Double(text).map { .double($0) } ?? .text(text)
        case "BOOLEAN", "BOOL": .boolean(text == "true")
        case "NUMERIC", "BIGNUMERIC": .decimal(text)
        case "TIMESTAMP": Self.moment(text).map { .timestamp($0, isUTC: true) } ?? .text(text)
        case "BYTES": Data(base64Encoded: text).map { .binary([UInt8]($0)) } ?? .text(text)
        default: .text(text)
        }
    }

    /// Microseconds, as they were asked for; seconds where a service does not know that wish.
    private static func moment(_ text: String) -> Timestamp? {
        let micros = Int64(text) ?? Double(text).flatMap { Int64(exactly: ($0 * 1e6).rounded()) }
        guard let product = micros?.multipliedReportingOverflow(by: 1000), !product.overflow else { return nil }
        return Timestamp(nanoseconds: product.partialValue)
    }
}
