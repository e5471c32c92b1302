import Foundation

/// A place where bytes from outside are read, and what must hold there whatever they are.
protocol FuzzTarget: SendableMetatype {
    static var name: String { get }
    init()
    /// Reads `input`. Ends the process where something does not hold; libFuzzer keeps the input.
    func run(_ input: [UInt8])
    /// Inputs to start from.
    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]]
}

/// What `Fuzzing/seeds.py` wrote.
struct SeedFolder {
    let path: String

    /// The contents of a kind of seed: `frames`, `lines` or `files`.
    func contents(_ kind: String) throws -> [[UInt8]] {
        let folder = URL(filePath: path).appending(path: kind)
        let urls = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try urls.sorted { $0.path < $1.path }.map { [UInt8](try Data(contentsOf: $0)) }
    }
}

/// Ends the process, with the reason, where `condition` is false.
func require(
    _ condition: Bool, _ what: @autoclosure () -> String, file: StaticString = #file, line: UInt = #line
) {
    guard !condition else { return }
    fatalError("does not hold: \(what())", file: file, line: line)
}

extension [UInt8] {
    /// The parts between bytes 0x1e, at least one.
    var records: [[UInt8]] { split(separator: 0x1e, omittingEmptySubsequences: false).map(Array.init) }
}
