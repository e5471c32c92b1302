internal import Market
internal import Platform

/// What vendors stated about bars: repetitions are dropped, corrections become revisions.
///
/// Kept per bar are its start, a digest of its values, and its revision: 17 bytes.
/// - Threading: one owner at a time.
struct VendorBars: ~Copyable {
    /// The bars of one instrument, length, price type and vendor, by start.
    fileprivate struct Series {
        var starts: [Int64] = []
        var digests: [UInt64] = []
        var revisions: [UInt8] = []
    }

    private struct Key: Hashable, Comparable {
        let instrument: InstrumentID
        let interval: UInt8
        let priceType: UInt8
        let source: String

        static func < (left: Key, right: Key) -> Bool {
            (left.instrument, left.interval, left.priceType, left.source)
                < (right.instrument, right.interval, right.priceType, right.source)
        }
    }

    private var series: [Series] = []
    private var places: [Key: Int] = [:]
    /// Place of each vendor interval among those of the output.
    private let intervals: [UInt8]

    init(_ configuration: EngineConfiguration) {
        intervals = EventBatch.vendorIntervals.values.map { name in
            UInt8(configuration.intervalNames.values.firstIndex(of: name) ?? 0)
        }
    }

    /// Appends a row to the output where it says something new.
    mutating func take(_ batch: BarBatch, row: Int, into output: EngineOutput, counters: inout FeedCounters) {
        var bar = batch[row]
        let adjustedClose = batch.adjustedClose[row]
        let source = batch.texts[batch.source[row]]
        let digest = Self.digest(bar, adjustedClose)
        let key = Key(
            instrument: bar.instrument, interval: bar.interval, priceType: bar.priceType.rawValue, source: source)
        let place = places[key] ?? series.count
        if place == series.count {
            series.append(Series())
            places[key] = place
        }
        guard let revision = series[place].insert(bar.startNs, digest) else {
            counters.duplicateRecords += 1
            return
        }
        bar.revision = Int32(revision)
        bar.interval = intervals[Int(bar.interval)]
        output.bars.append(bar, source: output.bars.texts.intern(source), adjustedClose: adjustedClose)
        counters.records += 1
    }

    private static func digest(_ bar: Bar, _ adjustedClose: Double) -> UInt64 {
        var digest = StableDigest()
        for value in [bar.open, bar.high, bar.low, bar.close, bar.volume, bar.vwap, adjustedClose] { digest.add(value) }
        digest.add(bar.trades)
        digest.add(UInt64(bar.isFinal ? 1 : 0))
        return digest.high
    }

    // MARK: Checkpoint

    func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(places.count))
        for (key, place) in places.sorted(by: { $0.key < $1.key }) {
            writer.write(key.instrument)
            writer.write(key.interval)
            writer.write(key.priceType)
            writer.write(key.source)
            writer.write(UInt32(series[place].starts.count))
            for bar in series[place].starts.indices {
                writer.write(series[place].starts[bar])
                writer.write(series[place].digests[bar])
                writer.write(series[place].revisions[bar])
            }
        }
    }

    init(_ configuration: EngineConfiguration, from reader: inout BinaryReader) throws(EngineStateError) {
        self.init(configuration)
        for place in 0..<Int(try reader.value(UInt32.self)) {
            let key = Key(
                instrument: try reader.value(), interval: try reader.value(), priceType: try reader.value(),
                source: try reader.text())
            var bars = Series()
            for _ in 0..<(try reader.value(UInt32.self)) {
                bars.starts.append(try reader.value())
                bars.digests.append(try reader.value())
                bars.revisions.append(try reader.value())
            }
            series.append(bars)
            places[key] = place
        }
    }
}

extension VendorBars.Series {
    /// Takes in a statement.
    ///
    /// - Returns: its revision, at most 255; nil where it was stated before.
    fileprivate mutating func insert(_ start: Int64, _ digest: UInt64) -> UInt8? {
        var place = starts.count
        if let last = starts.last, start <= last {
            var low = 0
            while low < place {
                let middle = (low + place) / 2
                if starts[middle] < start { low = middle + 1 } else { place = middle }
            }
        }
        if place < starts.count, starts[place] == start {
            if digests[place] == digest { return nil }
            digests[place] = digest
            revisions[place] = revisions[place] == .max ? .max : revisions[place] + 1
            return revisions[place]
        }
        starts.insert(start, at: place)
        digests.insert(digest, at: place)
        revisions.insert(0, at: place)
        return 0
    }
}
