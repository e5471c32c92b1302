internal import Platform
internal import Synchronization

/// One segment file of a journal.
///
/// - Threading: any thread.
final class Segment: Sendable {
    let path: String
    let firstOffset: Offset
    private let places: Mutex<[(offset: Offset, position: Int64)]> = Mutex([])
    /// Distance in the file of the places remembered.
    private static let spacingBytes: Int64 = 1 << 20

    init(folder: String, firstOffset: Offset) {
        path = folder + "/" + SegmentName.text(firstOffset)
        self.firstOffset = firstOffset
    }

    /// Bytes of the file; 0 where it is gone.
    var fileBytes: Int64 { (try? Folder.status(path))?.bytes ?? 0 }
    /// When the file was written last; nil where it is gone.
    var changed: Timestamp? { (try? Folder.status(path))?.changed }

    /// Remembers, sparsely, that the block of `offset` starts at `position`.
    func note(_ offset: Offset, at position: Int64) {
        places.withLock { places in
            if position - (places.last?.position ?? 0) >= Self.spacingBytes { places.append((offset, position)) }
        }
    }

    /// The last remembered block that starts at or before `offset`.
    func place(atOrBefore offset: Offset) -> (offset: Offset, position: Int64)? {
        places.withLock { places in
            var low = 0
            var high = places.count
            while low < high {
                let middle = (low + high) / 2
                if places[middle].offset <= offset { low = middle + 1 } else { high = middle }
            }
            return low == 0 ? nil : places[low - 1]
        }
    }
}

/// The segment files of a journal, in offset order.
///
/// - Threading: any thread.
final class SegmentCatalog: Sendable {
    let folder: String
    private let current: Mutex<[Segment]>

    /// Lists the segment files in `folder`.
    init(folder: String) throws(JournalError) {
        self.folder = folder
        current = Mutex(try Self.list(folder, []))
    }

    private static func list(_ folder: String, _ known: [Segment]) throws(JournalError) -> [Segment] {
        let names = try JournalError.wrap { () throws(FileError) in try Folder.names(folder) }
        let byOffset = Dictionary(uniqueKeysWithValues: known.map { ($0.firstOffset, $0) })
        return names.compactMap(SegmentName.firstOffset).sorted().map {
            byOffset[$0] ?? Segment(folder: folder, firstOffset: $0)
        }
    }

    var segments: [Segment] { current.withLock { $0 } }

    /// Looks at the folder again: another process may write it.
    func refresh() throws(JournalError) {
        let listed = try Self.list(folder, segments)
        current.withLock { $0 = listed }
    }

    func append(_ segment: Segment) { current.withLock { $0.append(segment) } }
    func remove(_ segment: Segment) { current.withLock { $0.removeAll { $0 === segment } } }

    /// The segment that holds `offset`, or would, and the first offset of the one behind it.
    func segment(holding offset: Offset) -> (segment: Segment, limit: Offset?)? {
        current.withLock { segments in
            var low = 0
            var high = segments.count
            while low < high {
                let middle = (low + high) / 2
                if segments[middle].firstOffset <= offset { low = middle + 1 } else { high = middle }
            }
            guard low > 0 else { return nil }
            return (segments[low - 1], low < segments.count ? segments[low].firstOffset : nil)
        }
    }
}
