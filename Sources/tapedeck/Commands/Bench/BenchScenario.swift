internal import Feeds
internal import Foundation
internal import Platform

/// A scenario of `tapedeck bench`: what it measures, its rows unless asked otherwise, and how it is run.
struct BenchScenario: Sendable {
    let name: String
    /// What a row is and what is done with it, for `--list`.
    let summary: String
    /// Rows of a run that ends within 30 seconds on two cores.
    let rows: Int
    /// Runs it over a number of rows.
    let run: @Sendable (_ rows: Int, _ market: SyntheticTrades.Options) throws -> BenchFigures

    init(
        name: String, summary: String, rows: Int,
        onMarket run: @escaping @Sendable (_ rows: Int, _ market: SyntheticTrades.Options) throws -> BenchFigures
    ) {
        self.name = name
        self.summary = summary
        self.rows = rows
        self.run = run
    }

    /// A scenario with inputs of its own.
    init(
        name: String, summary: String, rows: Int, run: @escaping @Sendable (_ rows: Int) throws -> BenchFigures
    ) {
        self.init(name: name, summary: summary, rows: rows) { rows, _ in try run(rows) }
    }

    /// All scenarios, in the order in which data passes the stages.
    static let all: [BenchScenario] = journal + decoding + analytics + lake + serving + pipeline + distributed

    /// Rows that take about as long as asked, from the speed of a short run.
    func rows(forSeconds seconds: Double, _ market: SyntheticTrades.Options) throws -> Int {
        let trial = try run(max(1, rows / 50), market)
        return max(1, Int(Double(trial.rows) / trial.seconds * seconds))
    }
}

/// What a scenario measured.
struct BenchFigures {
    var rows: Int64
    var seconds: Double
    /// User and system time.
    var cpuSeconds: Double
    /// Time that a row took, where it was measured; in microseconds.
    var p50Micros: Double?
    var p99Micros: Double?
    /// Further figures of this scenario, by the names under which the line carries them.
    var details: [(name: String, value: Double)] = []

    init(
        rows: Int64, seconds: Double, cpuSeconds: Double, p50Micros: Double? = nil, p99Micros: Double? = nil,
        details: [(name: String, value: Double)] = []
    ) {
        self.rows = rows
        self.seconds = seconds
        self.cpuSeconds = cpuSeconds
        self.p50Micros = p50Micros
        self.p99Micros = p99Micros
        self.details = details
    }

    /// One line of JSON.
    func line(_ name: String) -> String {
        var fields = [("rows", Double(rows)), ("seconds", Self.rounded(seconds, 4))]
        fields.append(("rows_per_s", (Double(rows) / seconds).rounded()))
        fields.append(("cpu_s", Self.rounded(cpuSeconds, 4)))
        fields.append(("cpu_us_per_row", Self.rounded(cpuSeconds / Double(max(1, rows)) * 1e6, 4)))
        fields.append(("peak_rss_bytes", Double(Stopwatch.peakResidentBytes())))
        if let p50Micros { fields.append(("p50_us", Self.rounded(p50Micros, 1))) }
        if let p99Micros { fields.append(("p99_us", Self.rounded(p99Micros, 1))) }
        fields += details.map { ($0.name, Self.rounded($0.value, 4)) }
        let texts = fields.map { "\(JSONText.quoted($0.0)):\(Self.text($0.1))" }
        return "{\"bench\":\(JSONText.quoted(name)),\(texts.joined(separator: ","))}\n"
    }

    /// Whole numbers without an exponent, so that people can read them.
    private static func text(_ value: Double) -> String {
        value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : JSONText.number(value)
    }

    private static func rounded(_ value: Double, _ places: Int) -> Double {
        let factor = (0..<places).reduce(1.0) { product, _ in product * 10 }
        return (value * factor).rounded() / factor
    }
}

/// A folder for a run.
enum BenchFolder {
    /// Runs `body` with a new folder in the current one, on the disk that will be used, and removes it afterwards.
    static func with<T>(_ body: (String) throws -> T) throws -> T {
        let path = FileManager.default.currentDirectoryPath + "/.bench-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }
}
