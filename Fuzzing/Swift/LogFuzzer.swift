import Foundation

@testable import Lake

/// A line of a Delta log, which any program may have written.
struct LogFuzzer: FuzzTarget {
    static let name = "log"

    func run(_ input: [UInt8]) {
        var reader = FileLineReader()
        guard let found = reader.action(input.span, 0..<input.count) else { return }
        guard let expected = try? JSONDecoder().decode(DeltaAction.self, from: Data(input)) else {
            return require(false, "a line was read that is none")
        }
        require(text(found) == text(expected), "\(text(found)) instead of \(text(expected))")
        let again = try? DeltaLog.actions(DeltaLog.lines([found]), "log")
        require(again.map { $0.map(text) } == [text(found)], "not the same when it is read again")
    }

    /// All that an action says.
    private func text(_ action: DeltaAction) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [UInt8]((try? encoder.encode(action)) ?? Data())
    }

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        [
            #"{"add":{"path":"date=2026-01-01/a%20b","partitionValues":{"date":"2026-01-01","b":null},"size":1,"modificationTime":2,"dataChange":true,"stats":"{\"numRecords\":1}","tags":{"a":"b"}}}"#,
            #"{"remove":{"path":"a","deletionTimestamp":-1,"dataChange":false,"extendedFileMetadata":true,"partitionValues":{},"size":1}}"#,
            #" { "add" : { "size" : 1.0 , "path" : "\/\u00e9\n" , "deletionVector" : null } } "#,
            #"{"txn":{"appId":"a","version":1}}"#,
        ].map { Array($0.utf8) }
    }
}
