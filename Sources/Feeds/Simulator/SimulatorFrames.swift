/// Writes events of the simulator as frames: one JSON object per venue and step (see `simulator.cpp` for the form).
struct SimulatorFrames {
    private let instruments: [SimulatedInstrument]
    /// `{"s":"VENUE:SYMBOL","t":` of each instrument.
    private let beginnings: [[UInt8]]
    /// The id of the next trade of each instrument.
    private var nextTradeID: [Int64]

    init(_ instruments: [SimulatedInstrument], firstTradeID: Int64) {
        self.instruments = instruments
        beginnings = instruments.map { Array("{\"s\":\"\($0.venue):\($0.symbol)\",\"t\":".utf8) }
        nextTradeID = instruments.map { _ in firstTradeID }
    }

    /// Writes the events of one venue; nothing where it has none.
    mutating func write(_ events: [SimulatedTape.Event], venue: String, into frame: inout [UInt8]) {
        frame.removeAll(keepingCapacity: true)
        for event in events where instruments[event.instrument].venue == venue {
            if frame.isEmpty { Self.append("{\"type\":\"events\",\"data\":[", &frame) } else { frame.append(UInt8(ascii: ",")) }
            write(event, &frame)
        }
        if !frame.isEmpty { Self.append("]}", &frame) }
    }

    private mutating func write(_ event: SimulatedTape.Event, _ frame: inout [UInt8]) {
        let instrument = instruments[event.instrument]
        frame.append(contentsOf: beginnings[event.instrument])
        Self.append(event.timeNs, decimals: 0, &frame)
        switch event.kind {
        case .trade(let isBuy):
            Self.append(",\"p\":", &frame)
            Self.append(event.price, decimals: instrument.priceDecimals, &frame)
            Self.append(",\"v\":", &frame)
            Self.append(event.size, decimals: instrument.sizeDecimals, &frame)
            Self.append(",\"i\":", &frame)
            Self.append(nextTradeID[event.instrument], decimals: 0, &frame)
            nextTradeID[event.instrument] += 1
            Self.append(isBuy ? ",\"m\":\"buy\"}" : ",\"m\":\"sell\"}", &frame)
        case .quote:
            Self.append(",\"b\":", &frame)
            Self.append(event.price, decimals: instrument.priceDecimals, &frame)
            Self.append(",\"B\":", &frame)
            Self.append(event.size, decimals: instrument.sizeDecimals, &frame)
            Self.append(",\"a\":", &frame)
            Self.append(event.askPrice, decimals: instrument.priceDecimals, &frame)
            Self.append(",\"A\":", &frame)
            Self.append(event.askSize, decimals: instrument.sizeDecimals, &frame)
            frame.append(UInt8(ascii: "}"))
        }
    }

    private static func append(_ text: StaticString, _ frame: inout [UInt8]) {
        unsafe frame.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A number of at least zero, given in units of its last decimal.
    private static func append(_ value: Int64, decimals: Int, _ frame: inout [UInt8]) {
        let start = frame.count
        var rest = value
        var digits = 0
        repeat {
            if digits == decimals, decimals > 0 { frame.append(UInt8(ascii: ".")) }
            frame.append(UInt8(48 + rest % 10))
            rest /= 10
            digits += 1
        } while rest > 0 || digits <= decimals
        frame[start...].reverse()
    }
}
