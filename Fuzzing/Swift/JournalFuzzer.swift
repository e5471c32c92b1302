@testable import Journaling
import Platform

/// A segment file of a journal, or the end of one. The first byte says where the bytes stand:
///
/// | bits | meaning |
/// |---|---|
/// | 0 | checksums are made right, so that what lies behind them is reached |
/// | 1–2 | 0: the only file; 1: behind the whole blocks of one; 2: the file behind a closed one; 3: the file before another |
/// | 7 | the journal is also opened for writing, and continued |
final class JournalFuzzer: FuzzTarget {
    static let name = "journal"
    private let folder = WorkFolder()
    /// Five blocks of eight records each.
    private static let sound = JournalBytes.segment(firstOffset: 0, blocks: 5, recordsPerBlock: 8, isClosed: false)
    private static let closed = JournalBytes.segment(firstOffset: 0, blocks: 5, recordsPerBlock: 8, isClosed: true)
    private static let next = JournalBytes.segment(firstOffset: 40, blocks: 2, recordsPerBlock: 8, isClosed: false)

    func run(_ input: [UInt8]) {
        guard let mode = input.first else { return }
        var bytes = Array(input.dropFirst())
        let layout = mode >> 1 & 3
        if mode & 1 == 1 { JournalBytes.sign(&bytes, isTail: layout == 1) }
        folder.clear()
        var soundRecords = 0
        switch layout {
        case 0: folder.write(bytes, SegmentName.text(0))
        case 1:
            folder.write(Self.sound + bytes, SegmentName.text(0))
            soundRecords = 40
        case 2:
            folder.write(Self.closed, SegmentName.text(0))
            folder.write(bytes, SegmentName.text(40))
            soundRecords = 40
        default:
            folder.write(bytes, SegmentName.text(0))
            folder.write(Self.next, SegmentName.text(40))
        }
        let files = contents()
        let before = JournalReading(folder.path)
        before.check(files: files)
        require(before.records.count >= soundRecords || before.error != nil, "\(before.records.count) records")
        verify(before)
        require(contents() == files, "reading changed a file")
        let repaired = recover(files)
        let after = JournalReading(folder.path)
        after.check(files: contents())
        require(
            after.records == before.records, "\(before.records.count) records, \(after.records.count) when repaired")
        if before.error == nil { require(after.error == nil, "repaired, but \(after.error?.message ?? "")") }
        if mode & 0x80 != 0, repaired { goOn(before) }
    }

    private func contents() -> [String: [UInt8]] {
        Dictionary(uniqueKeysWithValues: folder.names.map { ($0, folder.read($0) ?? []) })
    }

    /// The inspector says the same as the reader.
    private func verify(_ reading: JournalReading) {
        do throws(JournalError) {
            _ = try JournalInspector.info(path: folder.path)
            let report = try JournalInspector.verify(path: folder.path)
            if let error = reading.error {
                require(!report.damage.isEmpty, "\(error.message)")
            } else {
                require(report.damage.isEmpty, "\(report.damage)")
                require(report.endOffset == reading.nextOffset, "ends at \(report.endOffset), \(reading.nextOffset)")
            }
        } catch {
            require(false, "verifying failed: \(error)")
        }
    }

    /// Repairs the journal; nothing is lost by it. Returns false where it is refused.
    private func recover(_ before: [String: [UInt8]]) -> Bool {
        let newest = before.keys.max() ?? ""
        do throws(JournalError) {
            let catalog = try SegmentCatalog(folder: folder.path)
            let recovery = try Recovery(catalog: catalog, storage: LeanStorage())
            let report = recovery.report
            let old = before[newest] ?? [], left = folder.read(newest) ?? []
            require(old.starts(with: left), "what is left is not the start of the file")
            let cut = old[left.count...]
            require(Int64(cut.count) == report.tornBytes + report.zeroBytes, "\(cut.count) bytes cut, \(report)")
            let kept = report.tornFile.flatMap { folder.read(String($0.split(separator: "/").last ?? "")) } ?? []
            require(Int64(kept.count) == report.tornBytes, "\(kept.count) bytes kept, \(report)")
            require(cut.starts(with: kept), "other bytes were kept than cut")
            require(cut.dropFirst(kept.count).allSatisfy { $0 == 0 }, "more than zeros was cut and not kept")
            // The padding behind the last block may be missing.
            let behind = (recovery.end?.position ?? Int64(left.count)) - Int64(left.count)
            require((0..<Int64(BlockLayout.alignment)).contains(behind), "writing goes on \(behind) bytes behind")
            return true
        } catch {
            require(error.code == .corrupt && error.damage != nil, "refused: \(error)")
            require(contents() == before, "refused, but a file was changed")
            return false
        }
    }

    /// Opens the journal for writing, appends a record, and reads all.
    private func goOn(_ before: JournalReading) {
        do {
            let journal = try Journal(
                path: folder.path, options: Journal.Options(), metrics: Metrics(), storage: LeanStorage())
            let feed = try journal.feed(named: "continued")
            let payload: [UInt8] = [1, 2, 3]
            let offset = try payload.withUnsafeBytes { bytes throws(JournalError) in
                try journal.append(.data, feed: feed, ingestTime: Timestamp(nanoseconds: 5), payload: bytes)
            }
            require(journal.close() == 0, "records were lost")
            let after = JournalReading(folder.path)
            if let error = before.error {
                require(after.error == error, "the damage is now \(after.error?.message ?? "gone")")
            } else {
                require(after.error == nil, "continued, but \(after.error?.message ?? "")")
                require(after.records.starts(with: before.records), "other records")
                require(after.records.last?.payload == payload && after.nextOffset == offset + 1, "not continued")
            }
        } catch {
            require(before.error != nil, "a repaired journal does not open: \(error)")
        }
    }

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        let block = JournalBytes.block(firstOffset: 40, durable: 40, records: 8, codec: .raw)
        let packed = JournalBytes.block(firstOffset: 40, durable: 40, records: 8, codec: .lz4)
        let later = JournalBytes.block(firstOffset: 48, durable: 48, records: 2, codec: .raw)
        let zeros = [UInt8](repeating: 0, count: 200)
        let tails = [
            block, packed, block + later, later, zeros, block + zeros, Array(block.prefix(100)), zeros + block,
        ]
        let files = [sound, closed, Array(sound.prefix(300)), Array(sound.prefix(20)), zeros, []]
        return [0, 1, 0x81].flatMap { mode -> [[UInt8]] in
            tails.map { [mode | 2] + $0 } + files.map { [mode] + $0 } + [closed, sound].map { [mode | 6] + $0 }
                + [next, Array(next.prefix(50)), zeros].map { [mode | 4] + $0 }
        }
    }
}
