internal import CDecode
internal import Market
internal import Platform

/// Decodes frames of JSON text through simdjson: bytes into columns, nothing allocated per event.
///
/// The policy for bad frames and events stands in `CDecode.h`. Frames longer than `maxFrameBytes` are rejected unread.
@safe
final class JSONFrameDecoder: FeedDecoder {
    /// Reads frames of a format up to the first that has rejects; returns how many.
    typealias Decode =
        @convention(c) (
            OpaquePointer?, UnsafePointer<td_frame>?, Int, UnsafeMutablePointer<td_output>?
        ) -> Int
    /// Rows for which room is made at a time, unless one frame may have more.
    private static let rowsReserved = 8192

    private let names: Names
    private let handle: OpaquePointer
    private let decodeFrames: Decode
    private let feedNumber: UInt32
    private let maxFrameBytes: Int
    /// Where rows go that are neither trades nor quotes.
    private let records: RecordColumns?
    /// Frames and events rejected so far, those included that dead letters only count.
    private(set) var rejected = 0
    private let rejects: UnsafeMutablePointer<td_reject>

    /// - Parameters:
    ///   - knowsFixedForm: whether frames in the venue's own form take the shorter way.
    ///   - records: columns of the table that the format is for, where it is neither for trades nor for quotes.
    ///   - instrument: reads the name of an instrument as it stands in the frames.
    init(
        _ context: DecoderContext, maxFrameBytes: Int = 16 << 20, knowsFixedForm: Bool, decode: @escaping Decode,
        records: RecordColumns? = nil, instrument: @escaping (String) -> Instrument = { Instrument($0) }
    ) {
        self.records = records
        names = Names(context, instrument)
        unsafe handle = td_decoder_create(
            { context, kind, text, count in
                guard let context = unsafe context else { return 0 }
                let names = unsafe Unmanaged<Names>.fromOpaque(context).takeUnretainedValue()
                let bytes = unsafe UnsafeRawBufferPointer(start: text, count: count)
                return names.number(kind, unsafe String(decoding: bytes, as: UTF8.self))
            }, Unmanaged.passUnretained(names).toOpaque(), knowsFixedForm)
        unsafe decodeFrames = decode
        feedNumber = context.feedNumber
        self.maxFrameBytes = maxFrameBytes
        unsafe rejects = .allocate(capacity: Int(TD_REJECTS_LISTED))
    }

    deinit {
        unsafe td_decoder_destroy(handle)
        unsafe rejects.deallocate()
    }

    /// Gives texts their numbers; what the C side calls back into.
    private final class Names {
        private let context: DecoderContext
        private let instrument: (String) -> Instrument

        init(_ context: DecoderContext, _ instrument: @escaping (String) -> Instrument) {
            self.context = context
            self.instrument = instrument
        }

        func number(_ kind: Int32, _ text: String) -> UInt32 {
            switch kind {
            case Int32(TD_CONDITIONS): context.conditions.intern(text)
            case Int32(TD_TEXT): context.texts.intern(text)
            default: context.instruments.intern(instrument(text))
            }
        }
    }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        var frame = unsafe td_frame(
            bytes: payload.baseAddress?.assumingMemoryBound(to: CChar.self), count: payload.count,
            ingest_time_ns: ingestTimeNs, journal_offset: journalOffset)
        unsafe decode(&frame, 1, into: events)
    }

    func decode(_ run: FrameRun, into events: EventBatch) {
        unsafe decode(run.frames, run.count, into: events)
    }

    private func decode(_ frames: UnsafePointer<td_frame>, _ count: Int, into events: EventBatch) {
        var next = 0
        while next < count {
            let (part, rows, bytes) = unsafe self.part(frames + next, count - next)
            guard part > 0 else {
                rejected += 1
                unsafe rejectUnread(frames[next], into: events)
                next += 1
                continue
            }
            var output = unsafe td_output()
            if let records {
                unsafe output.records = records.writable(in: events, rows: rows, textBytes: bytes)
            } else {
                unsafe output.trades = events.trades.writableColumns(rows)
                unsafe output.quotes = events.quotes.writableColumns(rows)
            }
            unsafe output.rejects = rejects
            let read = unsafe decodeFrames(handle, frames + next, part, &output)
            if let records {
                records.adopt(count: unsafe output.records.count, in: events)
            } else {
                events.trades.adopt(count: unsafe output.trades.count)
                events.quotes.adopt(count: unsafe output.quotes.count)
            }
            events.ignored += unsafe output.ignored
            rejected += unsafe output.reject_count
            next += read
            if unsafe output.reject_count > 0 { unsafe take(output, of: frames[next - 1], into: events) }
        }
    }

    /// How many of the frames are to be decoded at once, the rows that they may have, and their bytes; 0 where the first
    /// is too long.
    private func part(_ frames: UnsafePointer<td_frame>, _ count: Int) -> (frames: Int, rows: Int, bytes: Int) {
        var rows = 0
        var total = 0
        for index in 0..<count {
            let bytes = unsafe frames[index].count
            let most = bytes / Int(TD_BYTES_PER_EVENT) + 1
            guard bytes <= maxFrameBytes, index == 0 || rows + most <= Self.rowsReserved else {
                return (index, rows, total)
            }
            rows += most
            total += bytes
        }
        return (count, rows, total)
    }

    private func rejectUnread(_ frame: td_frame, into events: EventBatch) {
        let payload = unsafe UnsafeRawBufferPointer(start: frame.bytes, count: frame.count)
        unsafe events.deadLetters.append(
            ingestTimeNs: frame.ingest_time_ns, feed: feedNumber, journalOffset: frame.journal_offset, frameIndex: 0,
            reason: .tooLarge, detail: "\(payload.count) bytes; at most \(maxFrameBytes) are read",
            payload: UnsafeRawBufferPointer(rebasing: payload.prefix(4096)))
    }

    /// Takes the rejects of a frame.
    private func take(_ output: td_output, of frame: td_frame, into events: EventBatch) {
        let payload = unsafe UnsafeRawBufferPointer(start: frame.bytes, count: frame.count)
        for index in 0..<(unsafe output.rejects_listed) {
            let reject = unsafe rejects[index]
            let part = unsafe UnsafeRawBufferPointer(rebasing: payload[reject.begin..<reject.end])
            let reason = unsafe RejectReason(rawValue: UInt8(reject.reason)) ?? .malformed
            let what =
                unsafe reason == .venueError
                ? String(decoding: part.prefix(500), as: UTF8.self) : String(cString: reject.what)
            unsafe events.deadLetters.append(
                ingestTimeNs: frame.ingest_time_ns, feed: feedNumber, journalOffset: frame.journal_offset,
                frameIndex: reject.frame_index, reason: reason, detail: RejectText.detail(reason, what), payload: part)
        }
        let unlisted = unsafe output.reject_count - output.rejects_listed
        guard unlisted > 0 else { return }
        let last = unsafe rejects[output.rejects_listed - 1]
        unsafe events.deadLetters.append(
            ingestTimeNs: frame.ingest_time_ns, feed: feedNumber, journalOffset: frame.journal_offset,
            frameIndex: last.frame_index + 1, reason: RejectReason(rawValue: UInt8(last.reason)) ?? .malformed,
            detail: "\(unlisted) more events of this frame were rejected",
            payload: UnsafeRawBufferPointer(start: nil, count: 0))
    }
}
