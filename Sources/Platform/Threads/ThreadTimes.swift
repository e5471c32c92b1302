internal import Foundation
internal import Synchronization

/// Processor time of this process's threads.
public enum ThreadTimes {
    /// Of threads that have ended, by the name under which the system would show them.
    private static let ended = Mutex<[String: Int64]>([:])

    static func noteEnd(_ name: String, cpuNs: Int64) {
        let shown = String(decoding: name.utf8.prefix(15), as: UTF8.self)
        ended.withLock { $0[shown, default: 0] += cpuNs }
    }

    /// User and system time of all threads so far, also of named ones that have ended, summed by name, most first.
    ///
    /// - Source: proc(5), `/proc/self/task/[tid]/schedstat`: nanoseconds on a processor come first.
    public static func byName() -> [(name: String, cpuNs: Int64)] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        var times = ended.withLock { $0 }
        for task in tasks {
            let folder = "/proc/self/task/\(task)"
            guard let name = try? String(contentsOfFile: folder + "/comm", encoding: .utf8),
                let statistics = try? String(contentsOfFile: folder + "/schedstat", encoding: .utf8),
                let ns = statistics.split(separator: " ").first.flatMap({ Int64($0) })
            else { continue }
            times[name.trimmingCharacters(in: .whitespacesAndNewlines), default: 0] += ns
        }
        return times.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    }
}
