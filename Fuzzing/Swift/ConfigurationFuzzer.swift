import Analytics
import Orchestration
import Platform

/// The YAML of a pipeline.
struct ConfigurationFuzzer: FuzzTarget {
    static let name = "configuration"
    private let references = References(
        variable: { ["A": "1", "TOKEN": "secret-token", "X_1": "a: b"][$0] }, file: { $0 == "f" ? "inside\n" : nil })

    func run(_ input: [UInt8]) {
        let text = String(decoding: input, as: UTF8.self)
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.count
        var outcomes: [String] = []
        for _ in 0..<2 {
            do throws(ConfigErrors) {
                let configuration = try PipelineConfiguration.parse(
                    text, file: "p.yaml", components: Registry.components, references: references)
                require(!configuration.bars.intervals.contains { $0.nanoseconds <= 0 }, "an interval of nothing")
                require((0...65_535).contains(configuration.serve.listen.port), "port")
                require(configuration.latenessNs >= 0, "lateness \(configuration.latenessNs)")
                outcomes.append("\(configuration)")
            } catch {
                require(!error.errors.isEmpty, "refused without an error")
                for one in error.errors {
                    require(!one.message.isEmpty && one.file == "p.yaml", "\(one)")
                    require((1...lines + 1).contains(one.line ?? 1), "line \(one.line ?? 0) of \(lines)")
                    require(!one.description.contains("secret-token"), "a secret in an error: \(one)")
                }
                outcomes.append(error.description)
            }
        }
        require(outcomes[0] == outcomes[1], "the same text gives two outcomes")
    }

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        [
            "", "name: a\nfeeds:\n  - finnhub: { token: ${TOKEN}, symbols: [AAPL, BINANCE:BTCUSDT] }\n",
            "data: data\nfeeds:\n  - simulator: { seed: 1 }\njournal: { path: j, fsync: 5ms, segment: 128MiB, retain: 7d }\nbars: { intervals: [1s, 1m, 1h], prices: [trade, bid] }\nindicators: [sma(20), rsi(14), atr(14)]\nlateness: 2s\nsinks:\n  - lake: { path: lake, flush: 30s, flush_rows: 1000 }\nserve: { listen: 127.0.0.1:8080, query_timeout: 10s }\nlog: { level: info, format: json }\n",
            "a: &x [1, 2]\nb: *x\n", "a: 'it''s'\nb: |\n  text\nc: >-\n  more\n? k\n: v\n", "--- \n...\n---\n",
            "!!str a: !t b",
            "indicators:\n  - sma: { period: 20 }\n", "name: $${A} ${file:f}\n",
            "feeds:\n- replay: { path: x, columns: [time=0, price=1] }",
        ].map { Array($0.utf8) }
    }
}
