internal import Foundation

/// What the log's statistics say of a data file.
///
/// - Source: Delta transaction log protocol, "Per-file Statistics".
struct FileStatistics {
    /// Rows of the file.
    let rows: Int64
    private let minima: [String: Any]
    private let maxima: [String: Any]

    /// Nil where the file has none, or none that can be read.
    init?(_ file: AddFile) {
        guard let stats = file.stats,
            let object = try? JSONSerialization.jsonObject(with: Data(stats.utf8)) as? [String: Any],
            let rows = (object["numRecords"] as? NSNumber)?.int64Value
        else { return nil }
        self.rows = rows
        minima = object["minValues"] as? [String: Any] ?? [:]
        maxima = object["maxValues"] as? [String: Any] ?? [:]
    }

    /// Rows of a file that count; nil where the log does not say.
    static func rows(_ file: AddFile) -> Int64? {
        stored(file).map { $0 - (file.deletionVector?.cardinality ?? 0) }
    }

    /// Rows that a file holds, without looking at the rest where it need not.
    private static func stored(_ file: AddFile) -> Int64? {
        let first = "{\"numRecords\":"
        guard let stats = file.stats, stats.hasPrefix(first) else { return FileStatistics(file)?.rows }
        let digits = stats.utf8.dropFirst(first.utf8.count).prefix { (0x30...0x39).contains($0) }
        return Int64(Substring(digits)) ?? FileStatistics(file)?.rows
    }

    /// The least value of a column of integers.
    func minimum(_ column: String) -> Int64? { (minima[column] as? NSNumber)?.int64Value }
    /// The greatest value of a column of integers.
    func maximum(_ column: String) -> Int64? { (maxima[column] as? NSNumber)?.int64Value }
}
