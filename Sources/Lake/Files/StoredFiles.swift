internal import Synchronization

/// The files that a view of a table shows, to be chosen by the offsets of their rows.
final class StoredFiles: Sendable {
    private let urls: [String]
    /// Read when somebody asks: only pipelines whose sinks are behind what is in memory do.
    private let names = Mutex<[PartName?]?>(nil)
    /// Whether some of the files may lack columns.
    let lackColumns: Bool

    init(_ urls: [String], lackColumns: Bool) {
        self.urls = urls
        self.lackColumns = lackColumns
    }

    /// Where the files are that may have rows with offsets above `after` and up to `last`; those of others may have any.
    func urls(after: Int64, upTo last: Int64) -> [String] {
        let names = names.withLock { names in
            let read = names ?? urls.map { PartName(path: $0) }
            names = read
            return read
        }
        return zip(urls, names).compactMap { url, name in
            name?.mayHold(from: after + 1, to: last) ?? true ? url : nil
        }
    }
}
