internal import Delivery
internal import Foundation
internal import Market
internal import Platform

/// The rows that a dataset of BigQuery has of a pipeline, page by page: that costs nothing there.
///
/// - Source: BigQuery REST reference v2, `tabledata.list`.
final class BigQueryRows: StoredRows {
    private let settings: BigQuerySettings
    private let pipeline: String
    private let client: BigQueryClient
    private let lines: JSONLineRows

    init(_ settings: BigQuerySettings, pipeline: String) throws(DeliveryError) {
        self.settings = settings
        self.pipeline = pipeline
        client = try settings.client(UsageMeter())
        lines = try JSONLineRows()
    }

    func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64? {
        guard let dataset = try client.dataset(settings.dataset),
            let found = try client.table(settings.dataset, table.name)
        else { return nil }
        let names = BigQueryNames(pipeline: pipeline, dataset: "\(client.project).\(settings.dataset)")
        let note = found.labels?[names.progressKey].flatMap(BigQueryNote.init)
        let noted = note?.creation == found.creationTime ? note?.offset : nil
        // A load job brings all rows of its range; of what is streamed, more may be there than is known.
        guard settings.mode == .load else { return noted }
        let ledger = BigQueryLedger(
            client: client, names: names, dataset: settings.dataset, location: dataset.location ?? "US")
        let counted = try ledger.countedOffset(table, atLeast: noted ?? -1)
        return counted < 0 ? nil : counted
    }

    func digests(
        _ table: TableSchema, upTo last: Int64, goesOn: (Int64) -> Bool
    ) throws(DeliveryError) -> RowDigests {
        var digests = RowDigests()
        guard let fields = try client.table(settings.dataset, table.name)?.schema?.fields?.map(\.name),
            let owner = fields.firstIndex(of: BigQueryTables.pipeline)
        else { throw DeliveryError(.setup, "\(settings.dataset).\(table.name) is gone") }
        let types = Dictionary(
            RowDigests.columns(table).map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
        let columns = fields.map { types[$0] }
        var token: String?
        var isWanted = true
        repeat {
            let page = try client.rows(settings.dataset, table.name, after: token)
            var text: [UInt8] = []
            for row in page.rows ?? [] where row.f.count == fields.count && row.f[owner].v == pipeline {
                Self.write(row, fields, columns, to: &text)
            }
            try lines.add(text, of: table, upTo: last, to: &digests) { rows in
                isWanted = goesOn(rows)
                return isWanted
            }
            token = page.pageToken
        } while token != nil && isWanted
        return digests
    }

    /// Writes a row as a line of JSON; columns without a type are left out.
    private static func write(
        _ row: BigQueryPage.Row, _ names: [String], _ types: [TableSchema.ColumnType?], to text: inout [UInt8]
    ) {
        text.append(UInt8(ascii: "{"))
        var isFirst = true
        for (place, type) in types.enumerated() {
            guard let type, let value = row.f[place].v else { continue }
            if !isFirst { text.append(UInt8(ascii: ",")) }
            isFirst = false
            text += Array("\(JSONText.quoted(names[place])):".utf8)
            switch type {
            case .int32, .int64, .boolean, .timestamp: text += Array(value.utf8)
            case .float64: text += Array((Double(value)?.isFinite == true ? value : "null").utf8)
            case .date, .string, .binary, .decimal: text += Array(JSONText.quoted(value).utf8)
            }
        }
        text += Array("}\n".utf8)
    }
}
