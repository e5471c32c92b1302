import Analytics
import Feeds
import Foundation
import Market
import Platform
import TestKit

/// Takes a feed's frames as the program does: decoder and engine, one record after the other.
final class ConformanceOutput: FeedOutput, @unchecked Sendable {  // the condition's lock guards everything
    struct Trade: Hashable {
        let instrument: String
        let timeNs: Int64
        let number: Int64
    }
    struct State {
        var begins: [String] = []
        var frames = 0
        var heartbeats = 0
        var ends = 0
        /// Trades that the engine kept, and quotes, without their numbers.
        var trades: [Trade] = []
        /// Reasons and payloads.
        var deadLetters: [(reason: RejectReason, payload: String)] = []
        var counters = FeedCounters()
    }

    private let condition = NSCondition()
    private var recorded = State()
    private var cancelled = false
    private var decoder: (any FeedDecoder)?
    private let events = EventBatch()
    private let instruments = InstrumentTable()
    private let engine: Engine
    private let bars: EngineOutput
    private var offset: Int64 = 0

    init() throws {
        let configuration = try EngineConfiguration(intervals: [])
        engine = Engine(configuration)
        bars = EngineOutput(configuration)
    }

    var isCancelled: Bool { locked { cancelled } }
    var state: State { locked { recorded } }
    func cancel() { locked { cancelled = true } }
    func sink(feed name: String) throws -> any FrameSink { Sink(self) }

    /// Waits until the records fulfil a condition.
    @discardableResult
    func wait(_ fulfilled: (State) -> Bool) -> State {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Patience.end
        while !fulfilled(recorded) && condition.wait(until: deadline) {}
        return recorded
    }

    private func locked<T>(_ body: () -> T) -> T {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return body()
    }

    private func begin(_ settings: String) throws {
        condition.lock()
        defer { condition.unlock() }
        recorded.begins.append(settings)
        decoder = try FeedRegistry.makeDecoder(
            settings: settings,
            context: DecoderContext(instruments: instruments, conditions: StringTable(), feedNumber: 0))
        engine.begin(feed: 0, continues: true, ingestTimeNs: 0, journalOffset: offset, into: bars)
        offset += 1
    }

    private func frame(_ payload: UnsafeRawBufferPointer, _ time: Timestamp) {
        locked {
            let padded = Array(payload) + [UInt8](repeating: UInt8(ascii: "}"), count: 64)
            padded.withUnsafeBytes { bytes in
                decoder?.decode(
                    payload: UnsafeRawBufferPointer(rebasing: bytes[..<payload.count]), journalOffset: offset,
                    ingestTimeNs: time.nanoseconds, into: events)
            }
            offset += 1
            recorded.frames += 1
            engine.process(events, feed: 0, into: bars)
            recorded.counters = engine.counters(feed: 0)
            let (trades, letters) = (events.trades, events.deadLetters)
            for row in 0..<trades.count {
                recorded.trades.append(
                    Trade(
                        instrument: "\(instruments[trades.instrument[row]])", timeNs: trades.eventTimeNs[row],
                        number: trades.tradeID[row]))
            }
            for row in 0..<events.quotes.count {
                recorded.trades.append(
                    Trade(
                        instrument: "\(instruments[events.quotes.instrument[row]])",
                        timeNs: events.quotes.eventTimeNs[row], number: .min))
            }
            for row in 0..<letters.count {
                let bytes = (letters.payloadOffsets[row]..<letters.payloadOffsets[row + 1]).map {
                    letters.payload[Int($0)]
                }
                recorded.deadLetters.append(
                    (RejectReason(rawValue: letters.reason[row]) ?? .malformed, String(decoding: bytes, as: UTF8.self)))
            }
            events.removeAll()
            bars.removeAll()
        }
    }

    private final class Sink: FrameSink {
        private let output: ConformanceOutput
        init(_ output: ConformanceOutput) { self.output = output }
        func begin(settings: String, ingestTime: Timestamp) throws { try output.begin(settings) }
        func frame(_ payload: UnsafeRawBufferPointer, ingestTime: Timestamp) throws {
            output.frame(payload, ingestTime)
        }
        func heartbeat(ingestTime: Timestamp) throws { output.locked { output.recorded.heartbeats += 1 } }
        func end(ingestTime: Timestamp) throws { output.locked { output.recorded.ends += 1 } }
    }
}
