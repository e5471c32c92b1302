internal import Databases

/// The SQL that gives the rows of any Delta table: as its log says of each file, and not as files and folders are named.
///
/// - Source: Delta transaction log protocol, "Reader Requirements" of column mapping, deletion vectors and type widening, "Partition
///   Value Serialization".
struct DeltaRows {
    private let table: DeltaTable
    private let files: [AddFile]
    private let properties: [String: String]
    /// With their types in SQL.
    private let columns: [(field: DeltaField, type: String)]
    private let partitionColumns: [String]

    /// - Throws: `unsupported` where a column cannot be read here; `corrupt` where the log does not tell the columns.
    init(_ table: DeltaTable) throws(LakeError) {
        self.table = table
        files = table.files
        guard let metadata = table.state.metadata, table.state.versions != nil,
            let fields = DeltaSchema.fields(metadata.schemaString), !fields.isEmpty
        else {
            throw LakeError(.corrupt, "the log does not tell what the table's columns are", operation: table.path)
        }
        properties = metadata.configuration ?? [:]
        partitionColumns = metadata.partitionColumns
        var columns: [(DeltaField, String)] = []
        for field in fields {
            guard let type = Self.typeName(field.type) else {
                throw LakeError(
                    .unsupported, "column \(field.name) has a type that cannot be read here: \(field.type.text)",
                    operation: table.path)
            }
            let all = field.all
            for change in all.flatMap(\.changes) where !change.from.canWiden(to: change.to) {
                throw LakeError(
                    .unsupported,
                    "column \(field.name) went from \(change.from.text) to \(change.to.text), which cannot be read here (typeWidening)",
                    operation: table.path)
            }
            if Self.isMapped(properties), all.dropFirst().contains(where: { $0.physicalName ?? $0.name != $0.name }) {
                throw LakeError(
                    .unsupported,
                    "members of column \(field.name) have other names in files, which cannot be read here (columnMapping)",
                    operation: table.path)
            }
            columns.append((field, type))
        }
        self.columns = columns
    }

    private static func isMapped(_ properties: [String: String]) -> Bool {
        properties["delta.columnMapping.mode"] ?? "none" != "none"
    }

    /// The type that DuckDB has for values of a log's type; nil where it has none.
    static func typeName(_ type: DeltaType) -> String? {
        switch type {
        case .primitive(let name): primitives[name]
        case .decimal(let digits, let scale):
            (1...38).contains(digits) && (0...digits).contains(scale) ? "DECIMAL(\(digits), \(scale))" : nil
        case .array(let element): typeName(element).map { "\($0)[]" }
        case .map(let key, let value):
            if let key = typeName(key), let value = typeName(value) { "MAP(\(key), \(value))" } else { nil }
        case .structure(let fields): structure(fields)
        }
    }

    private static func structure(_ fields: [DeltaField]) -> String? {
        let members = fields.compactMap { field in
            typeName(field.type).map { "\(SQLText.identifier(field.name)) \($0)" }
        }
        return members.count == fields.count && !fields.isEmpty ? "STRUCT(\(members.joined(separator: ", ")))" : nil
    }

    private static let primitives = [
        "string": "VARCHAR", "long": "BIGINT", "integer": "INTEGER", "short": "SMALLINT", "byte": "TINYINT",
        "float": "FLOAT",
        "double": "DOUBLE", "boolean": "BOOLEAN", "binary": "BLOB", "date": "DATE", "timestamp": "TIMESTAMPTZ",
        "timestamp_ntz": "TIMESTAMP",
    ]

    /// A SELECT statement.
    ///
    /// - Throws: `corrupt`, `unsupported`, `io` where a deletion vector cannot be read.
    func sql() throws(LakeError) -> String {
        guard !files.isEmpty else {
            return "SELECT \(list { _, column in "NULL::\(column.type)" }) WHERE false"
        }
        let urls = table.urls(files)
        var source =
            "read_parquet([\(urls.map { SQLText.literal(Self.pattern($0)) }.joined(separator: ", "))]\(mapping)) d"
        if !partitionColumns.isEmpty {
            let names = partitionColumns.indices.map { ", p\($0)" }.joined()
            source += " JOIN (VALUES \(partitionRows(urls))) p(path\(names)) ON d.filename = p.path"
        }
        if let deleted = try deletedRows(urls) {
            source +=
                " ANTI JOIN (SELECT path, unnest(string_split(numbers, ','))::BIGINT AS number FROM (VALUES \(deleted)) "
                + "v(path, numbers)) x ON d.filename = x.path AND d.file_row_number = x.number"
        }
        let values = list { number, column in
            partitionColumns.firstIndex(of: column.field.name).map { Self.partitionValue("p.p\($0)", column.type) }
                ?? "d.c\(number)"
        }
        return "SELECT \(values) FROM \(source)"
    }

    private func list(_ value: (Int, (field: DeltaField, type: String)) -> String) -> String {
        columns.enumerated().map { "\(value($0, $1)) AS \(SQLText.identifier($1.field.name))" }.joined(separator: ", ")
    }

    /// Which columns of files are meant and what they become, whatever their own types; those that a file lacks are missing.
    private var mapping: String {
        let isByID = properties["delta.columnMapping.mode"] == "id"
        let entries = columns.enumerated().compactMap { number, column -> String? in
            guard !partitionColumns.contains(column.field.name) else { return nil }
            // Names of our own, since a column may be called as DuckDB calls what it adds to files.
            let target =
                "{'name': 'c\(number)', 'type': \(SQLText.literal(column.type)), 'default_value': NULL}"
            if isByID { return "\(column.field.id ?? -1): \(target)" }
            return "\(SQLText.literal(fileName(column.field))): \(target)"
        }
        // Where all columns are of the partition, rows only count.
        let none = ["'': {'name': 'c', 'type': 'BOOLEAN', 'default_value': NULL}"]
        return ", schema = MAP {\((entries.isEmpty ? none : entries).joined(separator: ", "))}"
    }

    private func fileName(_ field: DeltaField) -> String {
        Self.isMapped(properties) ? field.physicalName ?? field.name : field.name
    }

    /// The values of each file's partition, as texts.
    private func partitionRows(_ urls: [String]) -> String {
        let names = partitionColumns.map { name in
            columns.first { $0.field.name == name }.map { fileName($0.field) } ?? name
        }
        return zip(files, urls).map { file, url in
            let values = names.map { name in
                // An empty text stands for a missing value, whatever the type.
                let value = file.partitionValues[name].flatMap(\.self).flatMap { $0.isEmpty ? nil : $0 }
                return value.map(SQLText.literal) ?? "NULL::VARCHAR"
            }
            return "(\(([SQLText.literal(url)] + values).joined(separator: ", ")))"
        }.joined(separator: ", ")
    }

    private static func partitionValue(_ text: String, _ type: String) -> String {
        type == "BLOB" ? "encode(\(text))" : "\(text)::\(type)"
    }

    /// Numbers of the rows that do not count, by file; nil where there are none.
    private func deletedRows(_ urls: [String]) throws(LakeError) -> String? {
        var deleted: [String] = []
        for (file, url) in zip(files, urls) {
            guard let reference = file.deletionVector else { continue }
            let rows = try DeletionVector(reference, of: table.place).rows
            guard !rows.isEmpty else { continue }
            let numbers = rows.map(String.init).joined(separator: ",")
            deleted.append("(\(SQLText.literal(url)), '\(numbers)')")
        }
        return deleted.isEmpty ? nil : deleted.joined(separator: ", ")
    }

    /// A path as a pattern that only it matches.
    private static func pattern(_ path: String) -> String {
        path.map { "*?[".contains($0) ? "[\($0)]" : String($0) }.joined()
    }
}
