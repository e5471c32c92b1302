/// The files that a view of a table shows, to be chosen by the offsets of their rows.
struct StoredFiles: Sendable {
    private let urls: [String]
    /// Of each file's rows; nil where its name does not say.
    private let offsets: [ClosedRange<Int64>?]
    /// Whether some of the files may lack columns.
    let lackColumns: Bool

    init(_ urls: [String], lackColumns: Bool) {
        self.urls = urls
        self.lackColumns = lackColumns
        offsets = urls.map { url in
            guard let name = url.split(separator: "/").last.flatMap({ PartName(String($0)) }),
                name.firstOffset <= name.lastOffset
            else { return nil }
            return name.firstOffset...name.lastOffset
        }
    }

    /// Where the files are that may have rows with offsets above `after` and up to `last`.
    func urls(after: Int64, upTo last: Int64) -> [String] {
        zip(urls, offsets).compactMap { url, offsets in
            guard let offsets else { return url }
            return offsets.upperBound > after && offsets.lowerBound <= last ? url : nil
        }
    }
}
