import CFuzzer
import Foundation

/// Feeds made-up input to every place where bytes from outside are read.
///
/// Usage: `fuzzers list`, `fuzzers seeds TARGET SEEDS FOLDER`, `fuzzers TARGET …` with arguments of libFuzzer.
@main enum Fuzzers {
    /// One line per target, in alphabetical order.
    private static let targets: [any FuzzTarget.Type] = [
        AnswerFuzzer.self,
        ConfigurationFuzzer.self,
        CSVFuzzer.self,
        HTTPFuzzer.self,
        JournalFuzzer.self,
        LogFuzzer.self,
        ParquetFuzzer.self,
        ReplayFuzzer.self,
        SessionFuzzer.self,
        SQLFuzzer.self,
        TopicFuzzer.self,
        WebSocketFuzzer.self,
        XMLFuzzer.self,
    ]

    /// What the run is about; libFuzzer's callback carries no context.
    private nonisolated(unsafe) static var target: (any FuzzTarget)?

    static func main() throws {
        let arguments = CommandLine.arguments
        switch arguments.dropFirst().first {
        case "list": for target in targets { print(target.name) }
        case "seeds" where arguments.count == 5: try writeSeeds(find(arguments[2]), arguments[3], arguments[4])
        case let name?: run(find(name))
        case nil: fail("usage: fuzzers list | seeds TARGET SEEDS FOLDER | TARGET [libFuzzer's arguments]")
        }
    }

    private static func find(_ name: String) -> any FuzzTarget.Type {
        guard let target = targets.first(where: { $0.name == name }) else {
            fail("no target \(name); known are \(targets.map { $0.name }.joined(separator: ", "))")
        }
        return target
    }

    private static func fail(_ message: String) -> Never {
        FileHandle.standardError.write(Data((message + "\n").utf8))
        exit(2)
    }

    private static func writeSeeds(_ type: any FuzzTarget.Type, _ seeds: String, _ folder: String) throws {
        for (number, seed) in try type.seeds(SeedFolder(path: seeds)).enumerated() {
            try Data(seed).write(to: URL(filePath: "\(folder)/seed-\(number)"))
        }
    }

    private static func run(_ type: any FuzzTarget.Type) {
        target = type.init()
        // libFuzzer sees the program's name and what stands behind the target's.
        var arguments = CommandLine.unsafeArgv
        var count = CommandLine.argc - 1
        arguments[1] = arguments[0]
        arguments += 1
        let status = withUnsafeMutablePointer(to: &arguments) { pointer in
            pointer.withMemoryRebound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self, capacity: 1) {
                LLVMFuzzerRunDriver(&count, $0) { bytes, count in
                    Fuzzers.target?.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
                    return 0
                }
            }
        }
        exit(status)
    }
}
