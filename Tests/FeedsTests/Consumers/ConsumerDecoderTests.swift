import Market
import Platform
import Testing

@testable import Feeds

@Suite struct ConsumerDecoderTests {
    private let log = StreamLog(stream: "trades", partition: "0")

    private func decode(_ frames: [[UInt8]], settings: String) throws -> EventBatch {
        let context = DecoderContext(instruments: InstrumentTable(), conditions: StringTable(), feedNumber: 3)
        let decoder = try FrameDecoders.make(context, settings: settings)
        let events = EventBatch()
        for (offset, frame) in frames.enumerated() {
            (frame + [UInt8](repeating: 0, count: 64)).withUnsafeBytes {
                decoder.decode(
                    payload: UnsafeRawBufferPointer(rebasing: $0[..<frame.count]), journalOffset: Int64(offset),
                    ingestTimeNs: 9, into: events)
            }
        }
        return events
    }

    private func frame(_ value: String, hasValue: Bool = true) -> [UInt8] {
        var header = ConsumerHeader(.position(log, StreamNumber(1)))
        header.hasValue = hasValue
        return header.line + Array(value.utf8)
    }

    @Test func `values are decoded as their format says, what is none becomes a dead letter`() throws {
        let row = #"{"venue":"X","symbol":"A","event_time_ns":1700000000000000000,"price":5,"size":1}"#
        let events = try decode(
            [frame(row), frame("", hasValue: false), frame("{"), Array("{}".utf8), frame(row + "\n" + row)],
            settings: ConsumerSession(format: "trades", venue: "K").text(StreamPositions()))
        #expect(events.trades.count == 3 && events.deadLetters.count == 3)
        #expect((0..<3).map { events.deadLetters.journalOffset[$0] } == [1, 2, 3])
        let details = (0..<3).map { row in
            let range = events.deadLetters.detailOffsets[row]..<events.deadLetters.detailOffsets[row + 1]
            return String(decoding: range.map { events.deadLetters.detail[Int($0)] }, as: UTF8.self)
        }
        #expect(details[0].contains("tombstone") && details[2].contains("lacks the line"))
    }

    @Test func `a session's settings say how far the feed had come`() throws {
        var positions = StreamPositions()
        positions.advance(log: Array(log.name.utf8), to: StreamNumber(41))
        positions.advance(log: Array(StreamLog(stream: "o\"\n", partition: "shard").name.utf8), to: StreamNumber(7))
        let settings = ConsumerSession(format: "binance", venue: nil, origin: "ab12").text(positions)
        let context = DecoderContext(instruments: InstrumentTable(), conditions: StringTable(), feedNumber: 3)
        #expect(try FrameDecoders.make(context, settings: settings).openingPositions == positions)
        #expect(ConsumerSession.origin(settings) == "ab12" && ConsumerSession.origin(nil) == nil)
        #expect(throws: FeedError.self) {
            try FrameDecoders.make(
                context, settings: #"{"decoder":"consumed","format":"binance","positions":"what"}"#)
        }
    }
}
