internal import Market
internal import Platform

/// Frames of ten trades in Finnhub's form.
struct BenchFrameRows {
    let batch = FrameBatch()
    private let ingestTime = Column<Int64>()

    init(trades: Int) {
        var random = BenchRandom(seed: 7)
        var cents = (0..<1000).map { _ in 1000 + random.below(50_000) }
        let startMs = 1_767_225_600_000
        for frame in 0..<max(1, trades / 10) {
            let members = (0..<10).map { place in
                let row = frame * 10 + place
                let instrument = min(999, Int(1000 / (1 + 999 * random.unit())) - 1)
                cents[instrument] = max(100, cents[instrument] + random.below(5) - 2)
                let price = "\(cents[instrument] / 100).\(String(100 + cents[instrument] % 100).dropFirst())"
                return "{\"p\":\(price),\"s\":\"S\(String(10_000 + max(0, instrument)).dropFirst())\","
                    + "\"t\":\(startMs + row / 100),\"v\":\(1 + random.below(500))}"
            }
            var text = "{\"data\":[\(members.joined(separator: ","))],\"type\":\"trade\"}"
            let receiveNs = Int64(startMs) * 1_000_000 + Int64(frame) * 100_000 + Int64(random.below(90_000))
            text.withUTF8 {
                unsafe batch.append(
                    ingestTimeNs: receiveNs, feed: 0, journalOffset: Int64(frame), payload: UnsafeRawBufferPointer($0))
            }
            ingestTime.append(receiveNs / 1000)
        }
    }

    /// The table's columns, derived ones too.
    var columns: [ArrowColumn] {
        let none = StringDictionary(values: [])
        let feeds = StringDictionary(values: ["bench"])
        let stored = batch.columns(BatchDictionaries(venues: none, symbols: none, conditions: none, feeds: feeds))
        return [ArrowColumn("ingest_time", .int64(ingestTime))] + stored
    }
}
