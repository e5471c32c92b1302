internal import CDecode
internal import Market
internal import Platform

/// Decodes frames of JSON text through simdjson: bytes into columns, nothing allocated per event.
///
/// The policy for bad frames and events stands in `CDecode.h`. Frames longer than `maxFrameBytes` are rejected unread.
@safe
final class JSONFrameDecoder: FeedDecoder {
    /// Reads one frame of a format.
    typealias Decode = @convention(c) (OpaquePointer?, td_frame, UnsafeMutablePointer<td_output>?) -> Void

    private let names: Names
    private let handle: OpaquePointer
    private let decodeFrame: Decode
    private let feedNumber: UInt32
    private let maxFrameBytes: Int
    private let rejects: UnsafeMutablePointer<td_reject>

    /// - Parameter instrument: reads the name of an instrument as it stands in the frames.
    init(
        _ context: DecoderContext, maxFrameBytes: Int = 16 << 20, decode: @escaping Decode,
        instrument: @escaping (String) -> Instrument
    ) {
        names = Names(context, instrument)
        unsafe handle = td_decoder_create(
            { context, kind, text, count in
                guard let context = unsafe context else { return 0 }
                let names = unsafe Unmanaged<Names>.fromOpaque(context).takeUnretainedValue()
                let bytes = unsafe UnsafeRawBufferPointer(start: text, count: count)
                return names.number(kind, unsafe String(decoding: bytes, as: UTF8.self))
            }, Unmanaged.passUnretained(names).toOpaque())
        unsafe decodeFrame = decode
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
            kind == TD_CONDITIONS ? context.conditions.intern(text) : context.instruments.intern(instrument(text))
        }
    }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        guard payload.count <= maxFrameBytes else {
            let detail = "\(payload.count) bytes; at most \(maxFrameBytes) are read"
            let start = unsafe UnsafeRawBufferPointer(rebasing: payload.prefix(4096))
            unsafe events.deadLetters.append(
                ingestTimeNs: ingestTimeNs, feed: feedNumber, journalOffset: journalOffset, frameIndex: 0,
                reason: .tooLarge, detail: detail, payload: start)
            return
        }
        let most = payload.count / Int(TD_BYTES_PER_EVENT) + 1
        var output = unsafe td_output()
        unsafe output.trades = events.trades.writableColumns(most)
        unsafe output.quotes = events.quotes.writableColumns(most)
        unsafe output.rejects = rejects
        unsafe decodeFrame(
            handle,
            td_frame(
                bytes: payload.baseAddress?.assumingMemoryBound(to: CChar.self), count: payload.count,
                ingest_time_ns: ingestTimeNs, journal_offset: journalOffset), &output)
        events.trades.adopt(count: unsafe output.trades.count)
        events.quotes.adopt(count: unsafe output.quotes.count)
        events.ignored += unsafe output.ignored
        guard unsafe output.reject_count > 0 else { return }
        for index in 0..<(unsafe output.rejects_listed) {
            let reject = unsafe rejects[index]
            let part = unsafe UnsafeRawBufferPointer(rebasing: payload[reject.begin..<reject.end])
            let reason = unsafe RejectReason(rawValue: UInt8(reject.reason)) ?? .malformed
            let what =
                unsafe reason == .venueError
                ? String(decoding: part.prefix(500), as: UTF8.self) : String(cString: reject.what)
            unsafe events.deadLetters.append(
                ingestTimeNs: ingestTimeNs, feed: feedNumber, journalOffset: journalOffset,
                frameIndex: reject.frame_index, reason: reason, detail: RejectText.detail(reason, what), payload: part)
        }
        let unlisted = unsafe output.reject_count - output.rejects_listed
        guard unlisted > 0 else { return }
        let last = unsafe rejects[output.rejects_listed - 1]
        unsafe events.deadLetters.append(
            ingestTimeNs: ingestTimeNs, feed: feedNumber, journalOffset: journalOffset,
            frameIndex: last.frame_index + 1, reason: RejectReason(rawValue: UInt8(last.reason)) ?? .malformed,
            detail: "\(unlisted) more events of this frame were rejected",
            payload: UnsafeRawBufferPointer(start: nil, count: 0))
    }
}
