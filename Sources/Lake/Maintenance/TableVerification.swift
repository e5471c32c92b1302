internal import Databases
internal import Foundation

/// Checks that a table is what its log says: every file there, of its size, readable, with the rows that it should have.
public struct TableVerification {
    /// What was found.
    public struct Report: Sendable {
        public var files = 0
        public var rows: Int64 = 0
        public var bytes: Int64 = 0
        /// What is wrong, each with the name of its file.
        public var damage: [String] = []
    }

    private let table: DeltaTable
    private let connection: Connection

    public init(_ table: DeltaTable) throws(LakeError) {
        self.table = table
        let database = try table.place.database(DuckDBSettings())
        connection = try onDatabase(table.path) { () throws(DatabaseError) in try database.connect() }
    }

    /// Checks files and log.
    ///
    /// - Parameters:
    ///   - reads: whether every value is read, rather than only where files end.
    ///   - progress: told of each file; returns false to stop.
    public func run(reads: Bool, _ progress: (AddFile) -> Bool = { _ in true }) throws(LakeError) -> Report {
        var report = Report()
        try checkLog(&report)
        for file in table.files {
            guard progress(file) else { break }
            report.files += 1
            report.bytes += file.size
            let path = table.urls([file])[0]
            do {
                report.rows += try rows(of: file, at: path, reads: reads)
            } catch {
                report.damage.append("\(path): \(error.text)")
            }
        }
        return report
    }

    private struct Damage: Error {
        let text: String
    }

    /// The rows of a file, which is as the log says.
    private func rows(of file: AddFile, at path: String, reads: Bool) throws(Damage) -> Int64 {
        guard let status = try? table.place.find(file.relativePath) else { throw Damage(text: "the file is missing") }
        guard status.bytes == file.size else {
            throw Damage(text: "has \(status.bytes) bytes, and the log says \(file.size)")
        }
        let literal = SQLText.literal(path)
        do {
            let footer = try connection.query("SELECT num_rows FROM parquet_file_metadata(\(literal))").collect().rows
            guard case .integer(let rows)? = footer.first?.first else { throw Damage(text: "has no footer") }
            if let expected = FileStatistics(file), expected.rows != rows {
                throw Damage(text: "has \(rows) rows, and the log says \(expected.rows)")
            }
            if reads {
                try checkPages(path)
                try readAll(literal, file, rows: rows)
            }
            guard let reference = file.deletionVector else { return rows }
            do throws(LakeError) {
                return rows - Int64(try DeletionVector(reference, of: table.place).rows.count)
            } catch {
                throw Damage(text: error.message)
            }
        } catch let error as DatabaseError {
            throw Damage(text: "cannot be read: \(error.message)")
        } catch let damage as Damage {
            throw damage
        } catch {
            throw Damage(text: "\(error)")
        }
    }

    /// Compares the pages of a file of our own with their checksums: what they hold might be read all the same, as other values.
    private func checkPages(_ path: String) throws(Damage) {
        guard !table.place.isRemote, let file = try? ParquetFileReader(path) else { return }
        do { try file.checkPages() } catch { throw Damage(text: error.reason) }
    }

    /// Reads every value, and compares the bounds of integers with the statistics.
    private func readAll(_ literal: String, _ file: AddFile, rows: Int64) throws {
        let names = try connection.query("DESCRIBE SELECT * FROM read_parquet(\(literal), hive_partitioning = false)")
            .collect().rows.map { ($0[0].text, $0[1].text) }
        let statistics = FileStatistics(file)
        let integers = names.filter { $0.1 == "BIGINT" || $0.1 == "INTEGER" }.map(\.0)
        var items = ["count(*)"]
        items += names.map { "bit_xor(hash(\(SQLText.identifier($0.0))))" }
        items += integers.flatMap { name in
            ["min", "max"].map { "\($0)(\(SQLText.identifier(name)))::BIGINT" }
        }
        let values = try connection.query(
            "SELECT \(items.joined(separator: ", ")) FROM read_parquet(\(literal), hive_partitioning = false)"
        ).collect().rows[0]
        guard values[0] == .integer(rows) else {
            throw Damage(text: "has \(values[0].text) rows, its end says \(rows)")
        }
        for (place, name) in integers.enumerated() {
            let found = values[1 + names.count + 2 * place..<1 + names.count + 2 * place + 2]
            for (value, expected) in zip(found, [statistics?.minimum(name), statistics?.maximum(name)]) {
                if let expected, value != .integer(expected) {
                    throw Damage(text: "column \(name) reaches \(value.text), and the log says \(expected)")
                }
            }
        }
    }

    /// Every commit behind the oldest is there, and can be read; checkpoints, too, say the same as commits do.
    private func checkLog(_ report: inout Report) throws(LakeError) {
        let found = try table.log.versions()
        if let first = found.commits.first {
            for (place, version) in found.commits.enumerated() where version != first + Int64(place) {
                report.damage.append("\(table.log.folder): commit \(first + Int64(place)) is missing")
                break
            }
        }
        for version in found.commits {
            do { _ = try table.log.commit(version) } catch { report.damage.append("\(error)") }
        }
        for version in found.checkpoints {
            do { try checkCheckpoint(version, found, &report) } catch { report.damage.append("\(error)") }
        }
    }

    /// A checkpoint has the files of the one before it with the commits between them.
    private func checkCheckpoint(
        _ version: Int64, _ found: DeltaLog.Versions, _ report: inout Report
    ) throws(LakeError) {
        var state = DeltaState(), replayed = DeltaState()
        try table.log.checkpoint(version) { (action) throws(LakeError) in try state.apply(action, table: table.path) }
        if let earlier = found.checkpoints.last(where: { $0 < version }) {
            try table.log.checkpoint(earlier) { (action) throws(LakeError) in
                try replayed.apply(action, table: table.path)
            }
            replayed.version = earlier
        }
        guard replayed.version >= 0 || found.commits.first == 0 else { return }
        while replayed.version < version {
            guard let actions = try table.log.commit(replayed.version + 1) else { return }
            for action in actions { try replayed.apply(action, table: table.path) }
            replayed.version += 1
        }
        let isSame =
            Set(state.files.keys) == Set(replayed.files.keys)
            && state.transactions.mapValues(\.version) == replayed.transactions.mapValues(\.version)
        if !isSame { report.damage.append("\(table.log.folder): checkpoint \(version) is not what its commits say") }
    }
}
