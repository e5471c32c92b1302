internal import Analytics
internal import Databases
internal import Feeds
internal import Foundation
internal import Lake
internal import Objects
internal import Platform

/// Tries what a pipeline needs, without running it.
public enum PipelineCheck {
    /// One thing that was tried.
    public struct Finding: Sendable {
        public let name: String
        public let isOK: Bool
        public let detail: String
    }

    /// Tries everything that a configuration needs.
    public static func findings(_ configuration: PipelineConfiguration) -> [Finding] {
        var findings = [Finding(name: "configuration", isOK: true, detail: configuration.file ?? "default")]
        findings.append(
            attempt("data folder") {
                try PipelineName.check(configuration)
                return try space(configuration.dataFolder)
            })
        findings.append(lake(configuration))
        findings.append(
            attempt("database") {
                try Database.duckDB().connect().execute("SELECT 1")
                return "DuckDB opens"
            })
        findings.append(
            attempt("engine") {
                let engine = try configuration.engine()
                return "\(engine.intervals.count) intervals, \(engine.indicators.count) indicators"
            })
        if let topic = configuration.journal.topic {
            findings.append(
                attempt("topic \(topic.name)") {
                    _ = try topic.producerSettings()
                    return "\(topic.partitions) partitions"
                })
        }
        if let state = configuration.state {
            findings.append(
                attempt("state") {
                    _ = try ObjectOptions.store(state)
                    return state.text("url")
                })
        }
        if configuration.archive != nil {
            findings.append(
                attempt("archive") {
                    guard let place = try configuration.archivePlace() else { return "none" }
                    return "\(place.url) with \(try place.folders().count) tables"
                })
        }
        for feed in configuration.feeds {
            findings.append(
                attempt("feed \(feed.name)") {
                    _ = try FeedRegistry.make(feed.options)
                    return feed.kind
                })
        }
        for sink in configuration.sinks {
            findings.append(
                attempt("sink \(sink.name)") {
                    _ = try Registry.target(sink, of: configuration)
                    return sink.kind
                })
        }
        return findings
    }

    private static func lake(_ configuration: PipelineConfiguration) -> Finding {
        attempt("lake") {
            let place = try configuration.lakePlace()
            guard place.access != nil else { return try space(place.url) }
            return "\(place.url) with \(try place.folders().count) tables"
        }
    }

    private static func attempt(_ name: String, _ body: () throws -> String) -> Finding {
        do {
            return Finding(name: name, isOK: true, detail: try body())
        } catch {
            return Finding(name: name, isOK: false, detail: "\(error)")
        }
    }

    /// How much room there is at a folder that exists or can be made.
    private static func space(_ path: String) throws -> String {
        var nearest = URL(filePath: path).standardizedFileURL
        while !FileManager.default.fileExists(atPath: nearest.path) { nearest.deleteLastPathComponent() }
        guard FileManager.default.isWritableFile(atPath: nearest.path) else {
            throw PipelineError("\(nearest.path) cannot be written to")
        }
        let values = try FileManager.default.attributesOfFileSystem(forPath: nearest.path)
        let free = (values[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
        guard free >= Pipeline.diskFreeBytesMin else {
            throw PipelineError("only \(free >> 20) MiB free at \(nearest.path)")
        }
        return "\(path) (\(free >> 30) GiB free)"
    }
}
