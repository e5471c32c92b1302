internal import Synchronization

/// One feed's state from those of its lines: the worst of them.
final class LineReports: Sendable {
    private struct Report {
        var state = FeedStatus.State.connecting
        var detail = ""
    }

    private let reports: Mutex<[Report]>
    private let status: FeedStatus
    private let count: Int

    init(_ status: FeedStatus, lines: Int) {
        self.status = status
        count = lines
        reports = Mutex(Array(repeating: Report(), count: lines))
    }

    /// Where one line says how it is.
    struct Line: Sendable {
        fileprivate let reports: LineReports
        fileprivate let number: Int

        func set(_ state: FeedStatus.State, _ detail: String) { reports.set(number, state, detail) }
        func countReconnect() { reports.status.countReconnect() }
    }

    func line(_ number: Int) -> Line { Line(reports: self, number: number) }

    private func set(_ number: Int, _ state: FeedStatus.State, _ detail: String) {
        reports.withLock { reports in
            reports[number] = Report(state: state, detail: detail)
            let worst = reports.indices.max { Self.rank(reports[$0].state) < Self.rank(reports[$1].state) } ?? number
            let report = reports[worst]
            let isNamed = count > 1 && !report.detail.isEmpty
            status.set(report.state, isNamed ? "line \(worst + 1) of \(count): \(report.detail)" : report.detail)
        }
    }

    /// How much a state needs to be seen.
    private static func rank(_ state: FeedStatus.State) -> Int {
        switch state {
        case .stopped, .finished: 0
        case .idle: 1
        case .live, .replaying: 2
        case .connecting: 3
        case .stale: 4
        case .degraded: 5
        }
    }
}
