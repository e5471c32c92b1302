internal import Databases

/// The rows of a checkpoint that add or remove a file, read from its columns.
///
/// A row that says more than what is known here, and any that lacks what must be there, is left to others.
struct CheckpointRows {
    /// A map from text to text.
    private struct Map {
        let column: ColumnValues
        let keys: ColumnValues
        let values: ColumnValues

        init?(_ column: ColumnValues) {
            guard let (keys, values) = column.pairs, keys.form == .text, values.form == .text else { return nil }
            (self.column, self.keys, self.values) = (column, keys, values)
        }
    }

    /// The members of a column.
    private struct Members {
        let column: ColumnValues
        var path: ColumnValues?
        var partitionValues: Map?
        var size: ColumnValues?
        var modificationTime: ColumnValues?
        var dataChange: ColumnValues?
        var stats: ColumnValues?
        var tags: Map?
        var deletionTimestamp: ColumnValues?
        var extendedFileMetadata: ColumnValues?
        /// Members that nothing is known of.
        var others: [ColumnValues] = []

        /// Nil where a member has another type than it should.
        init?(_ column: ColumnValues) {
            guard column.form == .structure else { return nil }
            self.column = column
            for member in column.members {
                let form: ColumnValues.Form
                switch member.name {
                case "path": (path, form) = (member, .text)
                case "partitionValues": (partitionValues, form) = (Map(member), .map)
                case "size": (size, form) = (member, .integer)
                case "modificationTime": (modificationTime, form) = (member, .integer)
                case "dataChange": (dataChange, form) = (member, .boolean)
                case "stats": (stats, form) = (member, .text)
                case "tags": (tags, form) = (Map(member), .map)
                case "deletionTimestamp": (deletionTimestamp, form) = (member, .integer)
                case "extendedFileMetadata": (extendedFileMetadata, form) = (member, .boolean)
                // The same as other members say, in another form.
                case "stats_parsed", "partitionValues_parsed": continue
                default:
                    others.append(member)
                    continue
                }
                guard member.form == form, form != .map || Map(member) != nil else { return nil }
            }
        }
    }

    private let adds: Members
    private let removes: Members

    /// - Parameter batch: with added and removed files in its second and third column; nil where they have other types.
    init?(_ batch: ResultBatch) {
        guard let adds = batch.values(1).flatMap(Members.init), let removes = batch.values(2).flatMap(Members.init)
        else {
            return nil
        }
        self.adds = adds
        self.removes = removes
    }

    /// The action of a row; nil where another must read it.
    ///
    /// - Parameter shared: partition values of rows before it, which are kept once.
    func action(_ row: Int, _ shared: inout SharedValues) -> DeltaAction? {
        switch (adds.column.isNull(row), removes.column.isNull(row)) {
        case (false, true): Self.read(adds, row, &shared).flatMap { AddFile($0) }.map { DeltaAction(add: $0) }
        case (true, false): Self.read(removes, row, &shared).flatMap { RemoveFile($0) }.map { DeltaAction(remove: $0) }
        default: nil
        }
    }

    private static func read(_ members: Members, _ row: Int, _ shared: inout SharedValues) -> FileMembers? {
        guard members.others.allSatisfy({ $0.isNull(row) }) else { return nil }
        var file = FileMembers()
        file.path = members.path?.text(row)
        file.partitionValues = members.partitionValues.flatMap { values($0, row, &shared) }
        file.size = members.size?.integer(row)
        file.modificationTime = members.modificationTime?.integer(row)
        file.dataChange = members.dataChange?.boolean(row)
        file.stats = members.stats?.text(row)
        file.tags = members.tags.flatMap { values($0, row, &shared) }
        file.deletionTimestamp = members.deletionTimestamp?.integer(row)
        file.extendedFileMetadata = members.extendedFileMetadata?.boolean(row)
        return file
    }

    private static func values(_ map: Map, _ row: Int, _ shared: inout SharedValues) -> [String: String?]? {
        guard let entries = map.column.entries(row) else { return nil }
        var found: [String: String?] = [:]
        for entry in entries { found.updateValue(map.values.text(entry), forKey: map.keys.text(entry) ?? "") }
        return shared.same(found)
    }
}
