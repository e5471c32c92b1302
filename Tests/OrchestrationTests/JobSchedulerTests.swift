import Foundation
import Lake
import Platform
import Synchronization
import TestKit
import Testing

@testable import Orchestration

struct JobSchedulerTests {
    private static let minuteNs: Int64 = 60_000_000_000

    /// Jobs of the shell, on a clock that a test sets.
    private final class Bench: Sendable {
        let folder = TemporaryFolder()
        private let clock = Mutex<Int64>(1_769_817_600_000_000_000)
        let rows = Mutex<[String: Int64]>([:])

        var now: Int64 { clock.withLock { $0 } }
        func pass(minutes: Double) { clock.withLock { $0 += Int64(minutes * 60e9) } }
        func pass(seconds: Double) { clock.withLock { $0 += Int64(seconds * 1e9) } }

        func scheduler(_ jobs: String) throws -> JobScheduler {
            let yaml = "data: \(folder.path)\njobs:\n" + jobs
            let configuration = try PipelineConfiguration.parse(
                yaml, file: "test.yaml", components: Registry.components)
            let jobs = JobFolder(data: folder.path)
            let path = folder.path
            return JobScheduler(
                configuration.jobs, folder: jobs,
                context: { name, goesOn in
                    JobContext(
                        pipeline: "test", folder: path, lake: LocalPlace(path + "/lake"), archive: { nil },
                        journal: path + "/journal",
                        log: { jobs.log(name, $0) },
                        goesOn: goesOn)
                }, rows: { [self] in rows.withLock { $0 } }, now: { [self] in now })
        }

        func lines(_ name: String) -> [String] {
            ((try? String(contentsOfFile: folder.path + "/" + name, encoding: .utf8)) ?? "").split(separator: "\n").map(
                String.init)
        }
    }

    @Test func `a job runs once at each of its times, and a time that was missed once`() throws {
        let bench = Bench()
        let job = "  - command: { run: 'echo run >> \(bench.folder.path)/runs', every: 10m }\n"
        var scheduler = try bench.scheduler(job)
        scheduler.runDue()
        #expect(bench.lines("runs").isEmpty)
        bench.pass(minutes: 10)
        for _ in 0..<3 { scheduler.runDue() }
        #expect(bench.lines("runs").count == 1)
        bench.pass(minutes: 9.5)
        scheduler.runDue()
        #expect(bench.lines("runs").count == 1)
        bench.pass(minutes: 0.5)
        scheduler.runDue()
        #expect(bench.lines("runs").count == 2)
        // Down for an hour: what was missed is done once.
        bench.pass(minutes: 61)
        scheduler = try bench.scheduler(job)
        for _ in 0..<3 { scheduler.runDue() }
        #expect(bench.lines("runs").count == 3)
        let record = try #require(JobFolder(data: bench.folder.path).record("command"))
        #expect(record.runs.map(\.outcome) == ["done", "done", "done"] && record.time == "every 10m")
        #expect(record.nextNs == bench.now - bench.now % (10 * Self.minuteNs) + 10 * Self.minuteNs)
    }

    @Test func `a failure is tried again with longer pauses, then at the next time`() throws {
        let bench = Bench()
        let scheduler = try bench.scheduler(
            "  - command: { run: 'echo x >> \(bench.folder.path)/runs; echo no luck; exit 3', every: 1h, retries: 2 }\n"
        )
        bench.pass(minutes: 60)
        scheduler.runDue()
        scheduler.runDue()
        #expect(bench.lines("runs").count == 1)
        #expect(scheduler.record("command")?.runs.last?.summary == "exit code 3: no luck")
        for (pause, count) in [(9.0, 1), (2.0, 2), (15.0, 2), (6.0, 3), (1800.0, 3), (1800.0, 4)] {
            bench.pass(seconds: pause)
            scheduler.runDue()
            #expect(bench.lines("runs").count == count)
        }
        #expect(scheduler.record("command")?.runs.map(\.attempt) == [0, 1, 2, 0])
        #expect(bench.lines("jobs/command.log").contains { $0.hasSuffix("| no luck") })
    }

    @Test func `a job that is behind others runs once each of them was done`() throws {
        let bench = Bench()
        let path = bench.folder.path
        let scheduler = try bench.scheduler(
            """
              - command: { name: third, run: 'echo third >> \(path)/runs', after: [first, second] }
              - command: { name: first, run: 'echo first >> \(path)/runs', every: 10m }
              - command: { name: second, run: 'test -e \(path)/ok && echo second >> \(path)/runs', every: 10m, retries: 0 }

            """)
        bench.pass(minutes: 10)
        for _ in 0..<3 { scheduler.runDue() }
        // The second failed.
        #expect(bench.lines("runs") == ["first"])
        try Data().write(to: URL(filePath: path + "/ok"))
        bench.pass(minutes: 10)
        for _ in 0..<3 { scheduler.runDue() }
        #expect(bench.lines("runs") == ["first", "first", "second", "third"])
        bench.pass(minutes: 10)
        for _ in 0..<3 { scheduler.runDue() }
        #expect(bench.lines("runs").suffix(3) == ["first", "second", "third"])
    }

    @Test func `a job that wants new rows waits for them`() throws {
        let bench = Bench()
        let scheduler = try bench.scheduler(
            "  - command: { run: 'echo x >> \(bench.folder.path)/runs', every: 1m, when: new_rows }\n")
        bench.rows.withLock { $0 = ["trades": 5] }
        for count in [1, 1, 2] {
            bench.pass(minutes: 1)
            if count == 2 { bench.rows.withLock { $0["trades"] = 6 } }
            scheduler.runDue()
            scheduler.runDue()
            #expect(bench.lines("runs").count == count)
        }
    }

    @Test func `a job is held back, and runs when it is wanted`() throws {
        let bench = Bench()
        let scheduler = try bench.scheduler("  - command: { run: 'echo x >> \(bench.folder.path)/runs', every: 1m }\n")
        let folder = JobFolder(data: bench.folder.path)
        try folder.setPaused("command", true)
        bench.pass(minutes: 5)
        scheduler.runDue()
        #expect(bench.lines("runs").isEmpty && folder.isPaused("command"))
        try folder.setWanted("command", true)
        scheduler.runDue()
        scheduler.runDue()
        #expect(bench.lines("runs").count == 1)
        try folder.setPaused("command", false)
        bench.pass(minutes: 1)
        scheduler.runDue()
        #expect(bench.lines("runs").count == 2)
    }

    @Test func `a command that takes too long is ended with all that it started`() throws {
        let bench = Bench()
        let path = bench.folder.path
        let scheduler = try bench.scheduler(
            "  - command: { run: 'sleep 600 & echo $! > \(path)/child; wait', every: 1m, timeout: 300ms, retries: 0 }\n"
        )
        bench.pass(minutes: 1)
        scheduler.runDue()
        #expect(scheduler.record("command")?.runs.last?.outcome == "timed out")
        let child = try #require(bench.lines("child").first)
        let state = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8))?.split(separator: " ")[2]
        #expect(state == nil || state == "Z")
    }

    @Test func `the end of the program ends a run, which is made up for at the next start`() throws {
        let bench = Bench()
        let path = bench.folder.path
        let job = "  - command: { run: 'echo x >> \(path)/runs; test -e \(path)/ok || sleep 600', every: 1h }\n"
        let scheduler = try bench.scheduler(job)
        bench.pass(minutes: 60)
        let thread = NamedThread("jobs") { scheduler.run() }
        while bench.lines("runs").isEmpty { Pause.wait(ns: 1_000_000) }
        scheduler.end()
        thread.join()
        #expect(scheduler.hasEnded && scheduler.record("command")?.runs.last?.outcome == "stopped")
        try Data().write(to: URL(filePath: path + "/ok"))
        let next = try bench.scheduler(job)
        next.runDue()
        #expect(bench.lines("runs").count == 2 && next.record("command")?.runs.last?.outcome == "done")
    }

    @Test func `a run that a crash ended is run again`() throws {
        let bench = Bench()
        let job = "  - command: { run: 'echo x >> \(bench.folder.path)/runs', every: 1h }\n"
        let folder = JobFolder(data: bench.folder.path)
        _ = try bench.scheduler(job)
        var record = try #require(folder.record("command"))
        record.runningNs = bench.now
        record.servedNs = bench.now
        try folder.save(record, "command")
        bench.pass(minutes: 1)
        let scheduler = try bench.scheduler(job)
        scheduler.runDue()
        #expect(scheduler.record("command")?.runs.map(\.outcome) == ["stopped", "done"])
        #expect(bench.lines("runs").count == 1)
    }

    @Test func `jobs that are gone from the file leave no record`() throws {
        let bench = Bench()
        _ = try bench.scheduler("  - compact: { every: 1h }\n  - vacuum: { every: 1d }\n")
        #expect(JobFolder(data: bench.folder.path).names() == ["compact", "vacuum"])
        _ = try bench.scheduler("  - compact: { every: 1h }\n")
        #expect(JobFolder(data: bench.folder.path).names() == ["compact"])
    }

    @Test func `a log keeps to its size`() throws {
        let bench = Bench()
        let folder = JobFolder(data: bench.folder.path)
        try Folder.create(folder.path)
        let line = String(repeating: "x", count: 100_000)
        for _ in 0..<30 { folder.log("big", line) }
        let sizes = try ["", ".1"].map {
            try #require(FileManager.default.attributesOfItem(atPath: folder.logPath("big") + $0)[.size] as? NSNumber)
                .intValue
        }
        #expect(sizes[0] < 1_200_000 && sizes[1] < 1_300_000 && sizes[1] > 1_000_000)
    }

    @Test(arguments: [
        ("  - compact\n", "says no time"), ("  - compact: { every: 1h, cron: '* * * * *' }\n", "more than one time"),
        ("  - compact: { cron: '* * *' }\n", "five fields"), ("  - compact: { every: 10ms }\n", "less than a second"),
        ("  - compact: { after: [vaccum] }\n  - vacuum: { every: 1d }\n", "no such job"),
        ("  - compact: { after: [vacuum] }\n  - vacuum: { after: [compact] }\n", "waits for itself"),
        ("  - vacuum: { every: 1d, retain: 5m }\n", "less than an hour"), ("  - clean: { every: 1d }\n", "unknown job"),
        ("  - expire: { every: 1d, keep: 3h, tables: [frames] }\n", "less than a day"),
    ])
    func `what cannot be is said with its line`(jobs: String, words: String) throws {
        let error = #expect(throws: ConfigErrors.self) {
            _ = try PipelineConfiguration.parse("jobs:\n" + jobs, file: "a.yaml", components: Registry.components)
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains(words))
        #expect("\(error.map { "\($0)" } ?? "")".contains("a.yaml:"))
    }

    @Test func `without the section the lake is looked after, and an empty list is none`() throws {
        let standard = try PipelineConfiguration.parse("", file: nil, components: Registry.components).jobs
        #expect(
            standard.map(\.name) == ["compact", "vacuum"] && standard.map(\.timeText) == ["every 1h", "30 3 * * *"])
        #expect(try PipelineConfiguration.parse("jobs: []", file: nil, components: Registry.components).jobs.isEmpty)
    }
}
