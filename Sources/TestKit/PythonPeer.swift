internal import Foundation
internal import Synchronization

/// A Python program in `Tests/Peers` that plays the other side of a connection; ends with this object.
public final class PythonPeer: Sendable {
    private let process: Process
    private let input: Pipe
    private let lines = Mutex<[String]>([])
    private let signal = DispatchSemaphore(value: 0)

    /// Starts `script` with `arguments` and collects the JSON lines it prints.
    public init(_ script: String, _ arguments: [String] = []) throws {
        process = Process()
        input = Pipe()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["python3", Recordings.packageFolder.appending(path: "Tests/Peers/\(script)").path] + arguments
        process.standardInput = input
        process.standardOutput = output
        let partial = Mutex<[UInt8]>([])
        output.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            let whole = partial.withLock { partial in
                partial += data
                let end = (partial.lastIndex(of: 10) ?? -1) + 1
                defer { partial.removeFirst(end) }
                return partial[..<end].split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
            }
            guard let self, !whole.isEmpty else { return }
            lines.withLock { $0 += whole }
            signal.signal()
        }
        try process.run()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.terminate()
        process.waitUntilExit()
    }

    /// Everything printed so far.
    public var events: [String] { lines.withLock { $0 } }

    /// Waits until the printed lines fulfil `condition`.
    ///
    /// - Returns: the lines; nil where the time is over.
    public func wait(until condition: ([String]) -> Bool) -> [String]? {
        let deadline = DispatchTime.now() + Patience.seconds
        while true {
            let events = events
            if condition(events) { return events }
            guard signal.wait(timeout: deadline) == .success else { return nil }
        }
    }

    /// The port the program says it listens on.
    public func port() throws -> Int {
        struct Line: Decodable { let port: Int }
        guard let first = wait(until: { !$0.isEmpty })?.first else { throw CocoaError(.fileReadUnknown) }
        return try JSONDecoder().decode(Line.self, from: Data(first.utf8)).port
    }
}
