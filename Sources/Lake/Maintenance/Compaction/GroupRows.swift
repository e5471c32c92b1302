internal import Databases
internal import Market
internal import Platform
internal import Synchronization

/// The rows of files: those that Tapedeck wrote are decoded here, on several threads, all others are read by a database.
final class GroupRows: Sendable {
    /// Files that are decoded by one thread, one after the other, or read by a database.
    private struct Job {
        var files: Range<Int>
        var isOwn: Bool
        var rows: Int64
    }

    private let schema: TableSchema
    private let threads: Int
    private let urls: [String]
    /// Whether some of the files may lack columns.
    private let lackColumns: Bool
    /// By file; nil for those that a database reads.
    private let readers: [ParquetFileReader?]
    /// Of the stored columns in files.
    private let places: [Int]
    private let spare = Mutex<[RowDecoder]>([])

    /// - Parameter files: in the order of the journal.
    init(_ table: DeltaTable, _ schema: TableSchema, _ files: [AddFile], threads: Int) {
        lackColumns = table.hasOlderFiles
        self.schema = schema
        self.threads = threads
        places = schema.columns.indices.filter { schema.columns[$0].nanoseconds == nil }
        let urls = table.urls(files)
        self.urls = urls
        // A database asks a bucket for what it needs of a file only.
        guard !table.place.isRemote else {
            readers = files.map { _ in nil }
            return
        }
        let columns = schema.columns.map { ParquetColumn($0) }
        let found = Mutex([ParquetFileReader?](repeating: nil, count: files.count))
        ParallelWork.run("compact-open", count: files.count, threads: threads) { number in
            guard let reader = try? ParquetFileReader(urls[number], columns: columns) else { return }
            // Where the log says otherwise, the database is to find out.
            guard FileStatistics.rows(files[number]) ?? reader.rows == reader.rows else { return }
            found.withLock { $0[number] = reader }
        }
        readers = found.withLock { $0 }
    }

    /// Bytes of wide values in a row, about; nil where some files are not ours.
    var wideBytes: Int64? {
        let own = readers.compactMap(\.self)
        guard own.count == readers.count else { return nil }
        let wide = places.filter { schema.columns[$0].isWide }
        let bytes = own.reduce(Int64(0)) { sum, file in
            sum
                + file.rowGroups.reduce(0) {
                    $0 + wide.reduce(0) { [chunks = $1.chunks] in $0 + chunks[$1].uncompressedBytes }
                }
        }
        return bytes / max(1, own.reduce(0) { $0 + $1.rows })
    }

    /// What the rows of files are selected from.
    func source(_ files: Range<Int>? = nil) -> String {
        TableSQL(schema: schema).fileRows(Array(urls[files ?? urls.indices]), lackColumns: lackColumns)
    }

    /// The rows of a chunk, in the order of the files.
    ///
    /// - Returns: nil where it was stopped.
    func parts(
        of chunk: CompactionChunk, _ connect: () throws(LakeError) -> Connection, _ progress: (Int64) -> Bool
    ) throws(LakeError) -> [HotPart]? {
        let texts = StoredParts.texts(schema)
        let jobs = jobs()
        var done: [StoredParts] = []
        let atOnce = threads * 4
        for first in stride(from: 0, to: jobs.count, by: atOnce) {
            let wave = Array(jobs[first..<min(jobs.count, first + atOnce)])
            let decoded = try decode(wave, chunk, texts)
            for (job, parts) in zip(wave, decoded) {
                if let parts {
                    done.append(parts)
                    if !progress(Int64(parts.rows)) { return nil }
                } else {
                    let source = source(job.files) + chunk.filter
                    guard let parts = try Self.read(source, schema, texts, connect(), progress) else { return nil }
                    done.append(parts)
                }
            }
        }
        return StoredParts.hotParts(done, texts)
    }

    /// Reads rows through a database.
    ///
    /// - Returns: nil where it was stopped.
    static func read(
        _ source: String, _ schema: TableSchema, _ texts: [NumberedTexts], _ connection: Connection,
        _ progress: (Int64) -> Bool
    ) throws(LakeError) -> StoredParts? {
        let parts = StoredParts(schema, texts)
        let stream = try onDatabase(schema.name) { () throws(DatabaseError) in
            try connection.query("SELECT \(StoredParts.selection(schema)) FROM \(source)")
        }
        while let batch = try onDatabase(schema.name, { () throws(DatabaseError) in try stream.next() }) {
            try parts.append(batch)
            if !progress(Int64(batch.count)) { return nil }
        }
        return parts
    }

    /// Neighbouring files, as many as fill a part: so parts are few, however small files are.
    private func jobs() -> [Job] {
        var jobs: [Job] = []
        for (number, reader) in readers.enumerated() {
            if let last = jobs.last, last.isOwn == (reader != nil), !last.isOwn || last.rows < StoredParts.partRows {
                jobs[jobs.count - 1].files = last.files.lowerBound..<number + 1
                jobs[jobs.count - 1].rows += reader?.rows ?? 0
            } else {
                jobs.append(Job(files: number..<number + 1, isOwn: reader != nil, rows: reader?.rows ?? 0))
            }
        }
        guard jobs.count < RowOrder.partsMax / 2 else {
            return [Job(files: readers.indices, isOwn: false, rows: 0)]
        }
        return jobs
    }

    /// Decodes files; nil for those that only a database can read, or say what is wrong with.
    ///
    /// - Throws: `corrupt` where a page is not what its checksum says: it must not become one that is right.
    private func decode(
        _ jobs: [Job], _ chunk: CompactionChunk, _ texts: [NumberedTexts]
    ) throws(LakeError) -> [StoredParts?] {
        let decoded = Mutex([Result<StoredParts?, LakeError>](repeating: .success(nil), count: jobs.count))
        ParallelWork.run("compact-read", count: jobs.count, threads: threads) { [self] number in
            guard jobs[number].isOwn else { return }
            let decoder = spare.withLock { $0.popLast() } ?? RowDecoder()
            defer { spare.withLock { $0.append(decoder) } }
            let parts = Result { () throws(LakeError) in try decode(jobs[number], chunk, texts, decoder) }
            decoded.withLock { $0[number] = parts }
        }
        var parts: [StoredParts?] = []
        for result in decoded.withLock({ $0 }) { parts.append(try result.get()) }
        return parts
    }

    private func decode(
        _ job: Job, _ chunk: CompactionChunk, _ texts: [NumberedTexts], _ decoder: RowDecoder
    ) throws(LakeError) -> StoredParts? {
        let files = readers[job.files].compactMap(\.self)
        var path = ""
        do throws(ParquetUnreadable) {
            var wanted: [[Range<Int>]] = []
            for file in files {
                path = file.path
                wanted.append(try rows(of: chunk, file, texts, decoder))
            }
            let parts = StoredParts(schema, texts, rowsExpected: wanted.joined().reduce(0) { $0 + $1.count })
            for (file, rows) in zip(files, wanted) {
                path = file.path
                try decoder.append(file, places: places, rows: rows, to: parts)
            }
            return parts
        } catch {
            if error.isDamage { throw LakeError(.corrupt, error.reason, operation: path) }
            return nil
        }
    }

    // MARK: Chunks

    /// The rows of a chunk in each row group of a file: neighbours, since files are sorted.
    private func rows(
        of chunk: CompactionChunk, _ file: ParquetFileReader, _ texts: [NumberedTexts], _ decoder: RowDecoder
    ) throws(ParquetUnreadable) -> [Range<Int>] {
        var rows: [Range<Int>] = []
        for group in file.rowGroups {
            rows.append(chunk.isWhole ? 0..<group.rows : try self.rows(of: chunk, file, group, texts, decoder))
        }
        return rows
    }

    private func rows(
        of chunk: CompactionChunk, _ file: ParquetFileReader, _ group: ParquetDescription.RowGroup,
        _ texts: [NumberedTexts], _ decoder: RowDecoder
    ) throws(ParquetUnreadable) -> Range<Int> {
        let keyTexts = chunk.keyColumns.map { texts[schema.place($0.name)] }
        var keys: [Column<UInt32>] = []
        for (column, texts) in zip(chunk.keyColumns, keyTexts) {
            keys.append(
                try decoder.texts(
                    file, group, place: places[schema.place(column.name)], isNullable: column.isNullable, texts))
        }
        let times =
            chunk.hasTimes
            ? try decoder.integers(file, group, place: places[schema.place(chunk.timeColumn)]) : nil
        var (first, end, count) = (0, 0, 0)
        var last: [UInt32]?
        var isWanted = true
        for row in 0..<group.rows {
            if last == nil || !zip(keys, last ?? []).allSatisfy({ $0[row] == $1 }) {
                let key = keys.map { $0[row] }
                isWanted = chunk.contains(
                    key: zip(key, keyTexts).map { number, texts in
                        number == ArrowColumn.missingIndex
                            ? CompactionChunk.missing : texts.lock.withLock { texts.text(Int(number)) }
                    })
                last = key
            }
            guard isWanted, times.map({ chunk.contains(time: $0[row]) }) ?? true else { continue }
            if count == 0 { first = row }
            end = row + 1
            count += 1
        }
        guard end - first == count else { throw ParquetUnreadable("rows are not in the order of the table") }
        return first..<end
    }
}

extension StoredParts {
    /// The rows of several, one behind the other.
    static func hotParts(_ parts: [StoredParts], _ texts: [NumberedTexts]) -> [HotPart] {
        let dictionaries = zip(parts.first?.columns ?? [], texts).map { column, texts in
            column.type == .string && !column.isFreeText ? texts.dictionary() : nil
        }
        return parts.flatMap { $0.hotParts(dictionaries) }
    }
}
