import Feeds
import Market
import Platform

/// Takes frames as a journal would: numbers them, remembers what was pushed, and decodes them with a decoder made of
/// the settings alone.
final class RecordingOutput: FeedOutput, @unchecked Sendable {  // used by one thread at a time
    /// What was pushed, in order.
    enum Record: Equatable {
        case begin(feed: String, settings: String)
        case frame(feed: String, text: String, ingestTimeNs: Int64)
        case heartbeat(feed: String)
        case end(feed: String)
    }

    private(set) var records: [Record] = []
    private(set) var frames = 0
    private(set) var largestFrame = 0
    private var decoders: [String: any FeedDecoder] = [:]
    private var nextOffset: Int64 = 0
    private let keepsRecords: Bool
    private let limit: Int
    let instruments = InstrumentTable()
    let conditions = StringTable()
    let events = EventBatch()

    /// - Parameters:
    ///   - keepsRecords: remembers the records; otherwise only decodes.
    ///   - limit: cancelled after this many frames.
    init(keepsRecords: Bool = true, limit: Int = .max) {
        self.keepsRecords = keepsRecords
        self.limit = limit
    }

    /// Feeds of the frames, in order.
    var feedsOfFrames: [String] {
        records.compactMap { if case .frame(let feed, _, _) = $0 { feed } else { nil } }
    }
    /// Texts of the frames, in order.
    var texts: [String] { records.compactMap { if case .frame(_, let text, _) = $0 { text } else { nil } } }

    var isCancelled: Bool { frames >= limit }
    func sink(feed name: String) -> any FrameSink { Sink(output: self, feed: name) }

    private final class Sink: FrameSink {
        let output: RecordingOutput
        let feed: String
        init(output: RecordingOutput, feed: String) {
            self.output = output
            self.feed = feed
        }

        func begin(settings: String, ingestTime: Timestamp) throws {
            output.add(.begin(feed: feed, settings: settings))
            output.decoders[feed] = try FrameDecoders.make(
                DecoderContext(instruments: output.instruments, conditions: output.conditions, feedNumber: 7),
                settings: settings)
        }

        func frame(_ payload: UnsafeRawBufferPointer, ingestTime: Timestamp) throws {
            let behind = Array("}]}\"01234,:\n".utf8)
            let padded = Array(payload) + (0..<64).map { behind[$0 % behind.count] }
            padded.withUnsafeBytes { bytes in
                output.decoders[feed]?.decode(
                    payload: UnsafeRawBufferPointer(rebasing: bytes[..<payload.count]),
                    journalOffset: output.nextOffset, ingestTimeNs: ingestTime.nanoseconds, into: output.events)
            }
            output.frames += 1
            output.largestFrame = max(output.largestFrame, payload.count)
            let text = output.keepsRecords ? String(decoding: payload, as: UTF8.self) : ""
            output.add(.frame(feed: feed, text: text, ingestTimeNs: ingestTime.nanoseconds))
        }

        func heartbeat(ingestTime: Timestamp) throws { output.add(.heartbeat(feed: feed)) }
        func end(ingestTime: Timestamp) throws { output.add(.end(feed: feed)) }
    }

    private func add(_ record: Record) {
        if keepsRecords { records.append(record) }
        nextOffset += 1
    }
}
