internal import Foundation
internal import Glibc
internal import Lake
internal import Platform
internal import Synchronization

/// Runs a command of the system, such as a dbt build.
struct CommandJob: Job {
    static let spec = Spec(
        "command",
        "Runs a command of the shell, with TAPEDECK_DATA, TAPEDECK_LAKE and TAPEDECK_PIPELINE in its environment; what it prints is in the job's log.",
        options: [
            .text("run", "The command, for `/bin/sh -c`."),
            .text("folder", default: "", "Where it runs; where the program runs unless given."),
        ],
        example: """
            jobs:
              - command: { name: models, run: "dbt build", folder: dbt, every: 15m, when: new_rows }
            """)

    private let command: String
    private let folder: String

    init(_ options: Options) throws(ConfigError) {
        command = options.text("run")
        folder = options.text("folder")
    }

    func run(_ context: JobContext) throws -> String {
        let process = Process()
        // The program holds signals back for a thread of its own, which a command must not inherit.
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["--default-signal=HUP,INT,PIPE,TERM", "/bin/sh", "-c", command]
        if !folder.isEmpty { process.currentDirectoryURL = URL(filePath: folder) }
        process.environment = ProcessInfo.processInfo.environment.merging([
            "TAPEDECK_DATA": context.folder, "TAPEDECK_LAKE": context.lake.url, "TAPEDECK_PIPELINE": context.pipeline,
        ]) { $1 }
        let pipe = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        // The child has a group of its own, so that what it started ends with it.
        let lastLine = Mutex("")
        let reader = NamedThread("job-output") {
            for line in Self.lines(pipe.fileHandleForReading) {
                context.log("| " + line)
                if !line.allSatisfy(\.isWhitespace) { lastLine.withLock { $0 = line } }
            }
        }
        var signal = SIGTERM
        var asked = Stopwatch()
        var isStopped = false
        while process.isRunning {
            Pause.wait(ns: 20_000_000)
            if !isStopped, !context.goesOn() {
                isStopped = true
                asked = Stopwatch()
                kill(-process.processIdentifier, signal)
            } else if isStopped, signal == SIGTERM, asked.seconds > 5 {
                signal = SIGKILL
                kill(-process.processIdentifier, signal)
            }
        }
        // What it left running holds the pipe open.
        if isStopped { kill(-process.processIdentifier, SIGKILL) }
        reader.join()
        let said = lastLine.withLock { $0 }
        if isStopped { throw JobStopped() }
        guard process.terminationStatus == 0 else {
            throw JobError(description: "exit code \(process.terminationStatus)" + (said.isEmpty ? "" : ": \(said)"))
        }
        return said.isEmpty ? "exit code 0" : said
    }

    /// The lines of what is read until its end.
    private static func lines(_ handle: FileHandle) -> AnySequence<String> {
        AnySequence { () -> AnyIterator<String> in
            var rest = Data()
            var isAtEnd = false
            return AnyIterator {
                while true {
                    if let end = rest.firstIndex(of: 10) {
                        let line = rest[rest.startIndex..<end]
                        rest = rest[rest.index(after: end)...]
                        return String(decoding: line, as: UTF8.self)
                    }
                    if isAtEnd {
                        defer { rest = Data() }
                        return rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self)
                    }
                    let more = handle.availableData
                    if more.isEmpty { isAtEnd = true } else { rest.append(more) }
                }
            }
        }
    }
}
