@testable import CommandLineKit
import Platform
import Synchronization
import Testing

@Suite(.serialized)  // the logger has one place for a bar
struct ProgressBarTests {
    private static let line = ProgressLine(
        label: "Replaying SPY.csv", unit: "rows", fraction: 0.42, count: 1_240_000, rate: 812_000, remaining: 12,
        elapsed: 3)

    @Test(arguments: [
        (110, "Replaying SPY.csv  ━━━━━━━━━━━━━━━━────────────────────────  42%  1.24M rows  812k rows/s  ETA 0:12"),
        (73, "Replaying SPY.csv  ━━━━━─────────  42%  1.24M rows  812k rows/s  ETA 0:12"),
        (66, "Replaying SPY.csv  42%  1.24M rows  812k rows/s  ETA 0:12"),
        (55, "Replaying SPY.csv  42%  1.24M rows  812k rows/s"),
        (40, "Replaying SPY.csv  42%  1.24M rows"),
        (22, "Replaying SPY.csv  42%"),
        (14, "Replayin…  42%"),
        (3, "42%"),
    ])
    func `the line fits the width`(width: Int, expected: String) {
        let text = Self.line.text(width: width, unicode: true)
        #expect(DisplayWidth.of(text) <= width)
        #expect(text == expected)
    }

    @Test(arguments: 1...200)
    func `no width is exceeded, whatever is shown`(width: Int) {
        var line = Self.line
        line.label = "再生中 \u{1B}[31m日本語"
        for fraction in [nil, 0, 0.5, 1, 1.5, .nan] as [Double?] {
            line.fraction = fraction.map { $0.isNaN ? 0 : $0 }
            line.remaining = fraction
            let text = line.text(width: width, unicode: true)
            #expect(DisplayWidth.of(text) <= width)
            #expect(!text.contains("\u{1B}"))
        }
    }

    @Test func `without Unicode the bar is ASCII`() {
        let text = Self.line.text(width: 110, unicode: false)
        #expect(text.contains("################------------------------"))
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test func `without a total there is time instead of a bar`() {
        var line = Self.line
        line.fraction = nil
        line.remaining = nil
        line.elapsed = 75
        #expect(line.text(width: 80, unicode: true) == "Replaying SPY.csv  1.24M rows  812k rows/s  1:15")
    }

    /// A terminal that keeps what is written, and a clock that is set.
    private final class Screen: Sendable {
        let written = Mutex<[String]>([])
        let timeNs = Mutex<Int64>(5)
        func terminal(interactive: Bool = true) -> Terminal {
            Terminal(
                isInteractive: interactive, width: { 80 }, write: { text in self.written.withLock { $0.append(text) } })
        }
        func advance(milliseconds: Int64) { timeNs.withLock { $0 += milliseconds * 1_000_000 } }
        var now: @Sendable () -> Int64 { { self.timeNs.withLock { $0 } } }
        var writes: [String] { written.withLock { $0 } }
    }

    @Test func `a bar appears after a second and is drawn ten times a second at most`() {
        let screen = Screen()
        let bar = ProgressBar("Work", total: 1000, terminal: screen.terminal(), now: screen.now)
        for step in 1...999 {
            screen.advance(milliseconds: 1)
            bar.update(completed: Int64(step))
        }
        #expect(screen.writes.isEmpty)
        for step in 1000...1999 {
            screen.advance(milliseconds: 1)
            bar.update(completed: Int64(step) / 2)
        }
        #expect(screen.writes.count == 10)
        #expect(screen.writes[0].hasPrefix("\rWork  "))
        #expect(screen.writes[0].contains("50%"))
        bar.finish()
        #expect(screen.writes.last == "\r\u{1B}[K")
        screen.advance(milliseconds: 5000)
        bar.update(completed: 1000)
        #expect(screen.writes.count == 11)
    }

    @Test func `nothing is written where nobody watches`() {
        let screen = Screen()
        let bar = ProgressBar("Work", total: 10, terminal: screen.terminal(interactive: false), now: screen.now)
        screen.advance(milliseconds: 60_000)
        bar.update(completed: 5)
        bar.finish()
        #expect(screen.writes.isEmpty)
    }

    @Test func `a log line makes the bar go and come back`() {
        let screen = Screen()
        let bar = ProgressBar("Work", total: 10, terminal: screen.terminal(), now: screen.now)
        screen.advance(milliseconds: 2000)
        bar.update(completed: 5)
        #expect(screen.writes.count == 1)
        Log.info("a line from the test of the progress bar")
        #expect(screen.writes.count == 3)
        #expect(screen.writes[1] == "\r\u{1B}[K")
        #expect(screen.writes[2] == screen.writes[0])
        bar.finish()
        Log.info("another line from the test of the progress bar")
        #expect(screen.writes.count == 4)
    }

    @Test func `the rate follows the last seconds`() {
        var rate = SmoothedRate()
        #expect(rate.perSecond == nil)
        for tick in 1...100 { rate.add(Int64(tick) * 100, atSeconds: Double(tick) / 10) }
        #expect(abs((rate.perSecond ?? 0) - 1000) < 1)
        for tick in 1...200 { rate.add(10_000 + Int64(tick) * 10, atSeconds: 10 + Double(tick) / 10) }
        #expect(abs((rate.perSecond ?? 0) - 100) < 5)
    }
}
