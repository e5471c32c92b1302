public import Platform

/// What a journal holds, from its block headers.
public struct JournalReport: Sendable {
    /// One segment file.
    public struct Segment: Sendable {
        public var path: String
        public var firstOffset: Offset
        /// The offset behind its last record.
        public var endOffset: Offset
        public var created: Timestamp
        public var fileBytes: Int64 = 0
        public var blocks = 0
        /// Bytes of records, headers included, before and after compression.
        public var rawBytes: Int64 = 0
        public var storedBytes: Int64 = 0
        /// Earliest and latest receive time; nil where there is no record.
        public var earliest: Timestamp?
        public var latest: Timestamp?

        public var records: Int64 { endOffset - firstOffset }
        /// Raw bytes per stored byte; nil where there is no record.
        public var compressionRatio: Double? { storedBytes == 0 ? nil : Double(rawBytes) / Double(storedBytes) }
    }

    public var path: String
    public var segments: [Segment] = []
    /// Names of the feeds 0, 1, 2 …
    public var feeds: [String] = []
    /// Bytes behind the last whole block, zeros at the very end aside: an unfinished write, or one going on now.
    public var unfinishedBytes: Int64 = 0
    /// Places that do not hold what was written there.
    public var damage: [JournalDamage] = []
    /// Files that keep what was cut from unfinished writes.
    public var tornFiles: [String] = []

    public var firstOffset: Offset { segments.first?.firstOffset ?? 0 }
    public var endOffset: Offset { segments.last?.endOffset ?? 0 }
    public var records: Int64 { segments.reduce(0) { $0 + $1.records } }
    public var fileBytes: Int64 { segments.reduce(0) { $0 + $1.fileBytes } }
    public var rawBytes: Int64 { segments.reduce(0) { $0 + $1.rawBytes } }
    public var storedBytes: Int64 { segments.reduce(0) { $0 + $1.storedBytes } }
    public var compressionRatio: Double? { storedBytes == 0 ? nil : Double(rawBytes) / Double(storedBytes) }
    public var earliest: Timestamp? { segments.compactMap(\.earliest).min() }
    public var latest: Timestamp? { segments.compactMap(\.latest).max() }
    /// True where every acknowledged record is there.
    public var isWhole: Bool { damage.isEmpty }
}
