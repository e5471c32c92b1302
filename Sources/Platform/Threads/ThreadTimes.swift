internal import Foundation

/// Processor time of this process's threads.
public enum ThreadTimes {
    /// User and system time of the threads that are running now, summed by name, most first.
    ///
    /// - Source: proc(5), `/proc/self/task/[tid]/schedstat`: nanoseconds on a processor come first.
    public static func byName() -> [(name: String, cpuNs: Int64)] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        var times: [String: Int64] = [:]
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
