internal import Platform

/// Which versions of a lake's tables are meant: those of one time, or named table by table.
public struct LakeVersions: Sendable {
    private let all: TableVersion
    private let tables: [String: TableVersion]

    /// All tables as they are.
    public static let newest = LakeVersions(all: .newest, tables: [:])

    private init(all: TableVersion, tables: [String: TableVersion]) {
        self.all = all
        self.tables = tables
    }

    /// Reads a time for all tables, or `trades=12,bars=2026-01-31T12:00:00Z`; tables that are not named are as they are.
    public init?(_ text: String) {
        guard text.contains("=") else {
            guard case .time(let time)? = TableVersion(text) else { return nil }
            self.init(all: .time(time), tables: [:])
            return
        }
        var tables: [String: TableVersion] = [:]
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2, let version = TableVersion(sides[1]) else { return nil }
            tables[sides[0]] = version
        }
        self.init(all: .newest, tables: tables)
    }

    /// Whether all tables are meant as they are.
    public var isNewest: Bool { all == .newest && tables.isEmpty }

    /// The version of a table.
    public func version(_ table: String) -> TableVersion { tables[table] ?? all }

    /// The time that is meant for a table together with all others; nil where its version is named, or it is as it is.
    func commonTime(_ table: String) -> Timestamp? {
        guard tables[table] == nil, case .time(let time) = all else { return nil }
        return time
    }
}
