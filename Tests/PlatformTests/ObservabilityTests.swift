import Foundation
import Platform
import TestKit
import Testing

@Suite struct ObservabilityTests {
    @Test func `metrics are written as Prometheus text`() {
        let metrics = Metrics()
        metrics.counter("a_total", help: "A.", labels: ["feed": "x"]).add(3)
        metrics.gauge("b", help: "B.") { 1.5 }
        metrics.gauges("c", help: "C.", label: "feed") { [("x", 1), ("y\"", 2)] }
        let histogram = metrics.histogram("d_seconds", help: "D.")
        for ns: Int64 in [500, 1000, 1001, 5_000_000] { histogram.record(ns: ns) }
        let text = metrics.text()
        #expect(text.contains("# TYPE a_total counter\na_total{feed=\"x\"} 3\n"))
        #expect(
            text.contains("b 1.5\n") && text.contains("c{feed=\"x\"} 1\n") && text.contains("c{feed=\"y\\\"\"} 2\n"))
        #expect(text.contains("d_seconds_bucket{le=\"1e-06\"} 2\n") && text.contains("d_seconds_count 4\n"))
        #expect(text.contains("d_seconds_bucket{le=\"+Inf\"} 4\n"))
        #expect(histogram.quantileNs(0.5) == 1000 && histogram.quantileNs(1) == 8_192_000)
    }

    @Test(arguments: 0..<200)
    func `what the JSON writer writes, another reader reads`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let number = Double(bitPattern: random.next())
        let integer = Int64(bitPattern: random.next())
        let text = String(decoding: (0..<20).map { _ in UInt8.random(in: 0..<128, using: &random) }, as: UTF8.self)
        var json = JSONWriter()
        json.beginObject()
        json.key("number")
        json.value(number)
        json.key("integer")
        json.value(integer)
        json.key(text: "text")
        json.value(text)
        json.key("list")
        json.beginArray()
        json.value(true)
        json.null()
        json.endArray()
        json.endObject()
        struct Object: Decodable {
            let number: Double?
            let integer: Int64
            let text: String
            let list: [Bool?]
        }
        let object = try JSONDecoder().decode(Object.self, from: Data(json.bytes))
        #expect(object.number == (number.isFinite ? number : nil))
        #expect(object.integer == integer && object.text == text && object.list == [true, nil])
    }
}
