internal import CommandLineKit
internal import Lake
internal import Platform

/// What `tapedeck lake` shows of tables.
enum LakeListing {
    static func tables(_ lake: LakeFolder, asJSON: Bool) throws -> ExitCode {
        var table = TextTable(
            ["table", "version", "rows", "files", "size", "bytes/row", "partitions", "changed"],
            alignments: [.left, .right, .right, .right, .right, .right, .left, .left])
        var bytes: Int64 = 0
        var unreadable = ""
        for name in try lake.tables() {
            let summary: DeltaTable.Summary
            do throws(LakeError) {
                summary = try lake.open(name).summary()
            } catch {
                // Others may have put a table there of which something is not known here.
                if asJSON {
                    Terminal.write(
                        "{\"table\":\(JSONText.quoted(name)),\"error\":\(JSONText.quoted(error.message))}\n", to: 1)
                }
                unreadable += "\(name): \(error.message)\n"
                continue
            }
            bytes += summary.bytes
            if asJSON {
                Terminal.write(json(summary) + "\n", to: 1)
                continue
            }
            let ends = [summary.partitions.first, summary.partitions.last].compactMap { $0?.value }
            table.add([
                name, "\(summary.version)", rows(summary.rows), Humanized.grouped(Int64(summary.files)),
                Humanized.bytes(summary.bytes), perRow(summary.bytes, summary.rows),
                ends.first == ends.last ? ends.first ?? "" : ends.joined(separator: " … "),
                summary.changed?.description ?? "",
            ])
        }
        guard !asJSON else { return .done }
        Terminal.write(table.text(), to: 1)
        Terminal.write("\(Humanized.bytes(bytes)) in \(lake.path)\n\(unreadable)", to: 1)
        return .done
    }

    private static func rows(_ rows: Int64?) -> String { rows.map { Humanized.grouped($0) } ?? "?" }

    private static func perRow(_ bytes: Int64, _ rows: Int64?) -> String {
        guard let rows, rows > 0 else { return "" }
        return Humanized.decimal(Double(bytes) / Double(rows), places: 1)
    }

    private static func json(_ summary: DeltaTable.Summary) -> String {
        "{\"table\":\(JSONText.quoted(summary.name)),\"version\":\(summary.version),"
            + "\"rows\":\(summary.rows.map { "\($0)" } ?? "null"),\"files\":\(summary.files),\"bytes\":\(summary.bytes),"
            + "\"partitions\":\(summary.partitions.count),"
            + "\"changed\":\(summary.changed.map { "\"\($0)\"" } ?? "null")}"
    }

    static func describe(_ table: DeltaTable) throws -> ExitCode {
        let description = try table.description()
        let summary = try table.summary()
        Terminal.write("\(summary.name), version \(summary.version). \(description.text)\n", to: 1)
        Terminal.write(
            "\(rows(summary.rows)) rows in \(summary.files) files, \(Humanized.bytes(summary.bytes)); partitioned by "
                + "\(description.partitionColumns.isEmpty ? "nothing" : description.partitionColumns.joined(separator: ", ")); protocol "
                + "\(description.protocolVersions.reader), \(description.protocolVersions.writer)"
                + (description.features.isEmpty ? "" : " with \(description.features.joined(separator: ", "))")
                + "; id \(description.id)"
                + (description.created.map { "; made \($0)" } ?? "") + "\n\n", to: 1)
        var columns = TextTable(["column", "type", ""])
        for column in description.columns {
            columns.add([column.name, column.type, column.isNullable ? "may be missing" : ""])
        }
        Terminal.write(columns.text() + "\n", to: 1)
        var partitions = TextTable(
            ["partition", "rows", "files", "size"], alignments: [.left, .right, .right, .right])
        for partition in summary.partitions {
            partitions.add([
                partition.value, rows(partition.rows), Humanized.grouped(Int64(partition.files)),
                Humanized.bytes(partition.bytes),
            ])
        }
        if !summary.partitions.isEmpty { Terminal.write(partitions.text() + "\n", to: 1) }
        if let obstacle = description.writeObstacle { Terminal.write("only read here: \(obstacle)\n", to: 1) }
        for (name, value) in description.properties.sorted(by: { $0.key < $1.key }) {
            Terminal.write("property \(name): \(value)\n", to: 1)
        }
        for progress in description.progress {
            Terminal.write("progress of \(progress.appId): \(Humanized.grouped(progress.version))\n", to: 1)
        }
        return .done
    }

    static func history(_ table: DeltaTable, limit: Int, asJSON: Bool) throws -> ExitCode {
        var text = TextTable(
            ["version", "time", "operation", "files", "rows", "size", "by", "progress"],
            alignments: [.right, .left, .left, .right, .right, .right, .left, .left])
        for commit in try table.history(limit: limit) {
            let progress = commit.progress.map { "\($0.appId) \($0.version)" }.joined(separator: ", ")
            if asJSON {
                Terminal.write(json(commit, progress) + "\n", to: 1)
                continue
            }
            let files = [(commit.filesAdded, "+"), (commit.filesRemoved, "−")].filter { $0.0 > 0 }
            text.add([
                "\(commit.version)", commit.time.description, commit.operation,
                files.map { "\($0.1)\($0.0)" }.joined(separator: " "),
                commit.filesAdded > 0 ? rows(commit.rowsAdded) : "",
                commit.filesAdded > 0 ? Humanized.bytes(commit.bytesAdded) : "", commit.engine, progress,
            ])
        }
        if !asJSON { Terminal.write(text.text(), to: 1) }
        return .done
    }

    private static func json(_ commit: TableCommit, _ progress: String) -> String {
        "{\"version\":\(commit.version),\"time\":\"\(commit.time)\",\"operation\":\(JSONText.quoted(commit.operation)),"
            + "\"files_added\":\(commit.filesAdded),\"files_removed\":\(commit.filesRemoved),"
            + "\"rows_added\":\(commit.rowsAdded.map { "\($0)" } ?? "null"),\"bytes_added\":\(commit.bytesAdded),"
            + "\"engine\":\(JSONText.quoted(commit.engine)),\"progress\":\(JSONText.quoted(progress))}"
    }
}
