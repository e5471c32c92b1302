@testable import Journaling
import Platform

/// Everything that a reader gives of a journal, and how it ends.
struct JournalReading {
    struct Record: Equatable {
        let kind: RecordKind
        let feed: UInt16
        let timeNs: Int64
        let payload: [UInt8]
    }
    struct Failure: Equatable {
        let code: JournalError.Code
        let message: String
        let damage: JournalDamage?
    }

    private(set) var records: [Record] = []
    private(set) var nextOffset: Offset = 0
    private(set) var error: Failure?

    init(_ path: String) {
        do throws(JournalError) {
            let reader = try JournalReader(path: path, from: 0)
            var blocks = 0
            while let block = try reader.next() {
                blocks += 1
                require(blocks < 10_000, "the reader does not end")
                require(block.firstOffset <= nextOffset && block.endOffset > nextOffset, "a hole in the offsets")
                for index in reader.startIndex..<block.count {
                    require(block[index].offset == nextOffset, "offset \(block[index].offset) at \(nextOffset)")
                    take(block, index)
                    nextOffset += 1
                }
                require(reader.nextOffset == nextOffset, "the reader goes on at \(reader.nextOffset)")
            }
        } catch {
            self.error = Failure(code: error.code, message: error.message, damage: error.damage)
        }
    }

    private mutating func take(_ block: JournalBlock, _ index: Int) {
        let record = block[index]
        let start = Int(block.memory.positions[index])
        let header = Array(block.memory.body[start..<start + RecordLayout.headerBytes])
        let checksum = JournalBytes.plainChecksum(header[4...] + record.payloadBytes)
        let written = header[..<4].enumerated().reduce(0) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) }
        require(checksum == written, "the checksum of record \(index) is wrong")
        records.append(
            Record(
                kind: record.kind, feed: record.feed.rawValue, timeNs: record.ingestTimeNs,
                payload: record.payloadBytes))
    }

    /// An error names a file that is there and a place in it.
    func check(files: [String: [UInt8]]) {
        guard let error else { return }
        require(error.code == .corrupt, "reading ends with \(error.code): \(error.message)")
        guard let damage = error.damage, let name = damage.file.split(separator: "/").last.map(String.init) else {
            return require(false, "no damage is named: \(error.message)")
        }
        require(error.message.contains(damage.file), "the file is not in the message: \(error.message)")
        require(damage.position >= 0 && damage.position <= Int64(files[name]?.count ?? -1), "\(damage)")
    }
}
