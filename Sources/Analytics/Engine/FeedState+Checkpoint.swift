internal import Market
internal import Platform

extension Watermark {
    func encode(into writer: inout BinaryWriter) { for value in fields { writer.write(value) } }

    init(from reader: inout BinaryReader) throws(EngineStateError) {
        self.init(reachedNs: try reader.value(), anchorEventNs: try reader.value(), anchorIngestNs: try reader.value())
    }
}

extension FeedState {
    /// Writes the feed's state; open bars by interval, then end, then order of opening.
    func encode(into writer: inout BinaryWriter) {
        watermark.encode(into: &writer)
        writer.write(session)
        for field in FeedCounters.fields { writer.write(Int64(counters[keyPath: field])) }
        deliveries.encode(into: &writer)
        positions.encode(into: &writer)
        bars.encode(into: &writer)
    }

    convenience init(
        _ configuration: EngineConfiguration, _ names: EngineNames, from reader: inout BinaryReader
    ) throws(EngineStateError) {
        self.init(configuration, names)
        watermark = try Watermark(from: &reader)
        session = try reader.value()
        for field in FeedCounters.fields { counters[keyPath: field] = Int(try reader.value(Int64.self)) }
        deliveries = try DeliveryKeys(from: &reader)
        positions = try StreamPositions(from: &reader)
        try bars.restore(from: &reader, watermark: watermark)
    }
}

extension StreamPositions {
    fileprivate func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(all.count))
        for (log, last) in all {
            writer.write(log)
            writer.write(last.description)
        }
    }

    fileprivate init(from reader: inout BinaryReader) throws(EngineStateError) {
        self.init()
        for _ in 0..<(try reader.value(UInt32.self)) {
            let log = try reader.byteList()
            guard let last = StreamNumber(digits: Array(try reader.text().utf8)) else {
                throw .damaged(at: reader.position, "a position that is no number")
            }
            advance(log: log, to: last)
        }
    }
}

extension BarTable {
    fileprivate func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(laneInstruments.count))
        for lane in 0..<laneInstruments.count {
            writer.write(laneInstruments[lane])
            writer.write(laneTypes[lane])
        }
        for series in 0..<laneInstruments.count * intervalCount {
            writer.write(indicators.lastStartNs(series))
            for place in 0..<indicators.rowCount { writer.write(indicators.value(series, place)) }
        }
        for queue in queues {
            var count: UInt32 = 0
            queue.forEach(slots: slots) { _ in count += 1 }
            writer.write(count)
            queue.forEach(slots: slots) { slots[Int($0)].encode(into: &writer) }
        }
    }

    /// Whether a bar could be one of an interval.
    private func isLength(_ bar: OpenBar, interval: Int) -> Bool {
        let length = configuration.intervals[interval]
        guard !length.isTradingDay else { return bar.lengthNs > 0 }
        return bar.lengthNs == length.nanoseconds && bar.startNs % bar.lengthNs == 0
    }

    fileprivate mutating func restore(from reader: inout BinaryReader, watermark: Watermark) throws(EngineStateError) {
        for _ in 0..<(try reader.value(UInt32.self)) {
            let instrument = try reader.value(UInt32.self)
            guard let type = PriceType(rawValue: try reader.value()), builds(type), instrument < 1 << 28 else {
                throw EngineStateError.damaged(at: reader.position, "a lane of no configured price type")
            }
            _ = addLane(instrument, type)
        }
        let seriesCount = laneInstruments.count * intervalCount
        var row = [Double](repeating: 0, count: indicators.rowCount)
        for series in 0..<seriesCount {
            let lastStartNs = try reader.value(Int64.self)
            for place in row.indices { row[place] = try reader.double() }
            indicators.restore(series, lastStartNs: lastStartNs, row: row)
        }
        let watermarkNs = watermark.timeNs(latenessNs: configuration.latenessNs)
        for interval in 0..<intervalCount {
            for _ in 0..<(try reader.value(UInt32.self)) {
                let bar = try OpenBar(from: &reader)
                guard bar.series >= 0, Int(bar.series) < seriesCount, Int(bar.series) % intervalCount == interval,
                    Watermark.isPlaceable(bar.startNs), isLength(bar, interval: interval),
                    bar.startNs <= watermark.reachedNs, bar.endNs > watermarkNs
                else { throw EngineStateError.damaged(at: reader.position, "an open bar of no series or time") }
                restore(bar, interval: interval)
            }
        }
    }
}

extension OpenBar {
    fileprivate func encode(into writer: inout BinaryWriter) {
        for value in [startNs, lengthNs, openTimeNs, closeTimeNs, trades, journalOffset] { writer.write(value) }
        for value in [open, high, low, close, volume.sum, volume.carry, notional.sum, notional.carry] {
            writer.write(value)
        }
        writer.write(series)
        writer.write(revision)
    }

    fileprivate init(from reader: inout BinaryReader) throws(EngineStateError) {
        let (startNs, lengthNs) = (try reader.value(Int64.self), try reader.value(Int64.self))
        guard (0...Timestamp.nanosecondsPerDay * 2).contains(lengthNs) else {
            throw .damaged(at: reader.position, "an open bar of no length")
        }
        self.init(startNs: startNs, lengthNs: lengthNs, series: -1, reportRound: 0)
        openTimeNs = try reader.value()
        closeTimeNs = try reader.value()
        trades = try reader.value()
        journalOffset = try reader.value()
        open = try reader.double()
        high = try reader.double()
        low = try reader.double()
        close = try reader.double()
        volume = CompensatedSum(sum: try reader.double(), carry: try reader.double())
        notional = CompensatedSum(sum: try reader.double(), carry: try reader.double())
        series = try reader.value()
        revision = try reader.value()
    }
}
