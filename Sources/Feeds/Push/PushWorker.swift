internal import Networking
internal import Platform

/// Turns requests into frames, on the feed's thread: unpacks, checks, journals, and has them answered once durable.
///
/// - Threading: one thread at a time.
final class PushWorker {
    /// Longest key of a delivery.
    static let keyBytesMax = 255

    private let settings: PushSettings
    private let sink: any FrameSink
    private let acknowledger: PushAcknowledger
    private let validator: PushValidator
    /// What was answered to a delivery.
    private struct Answered {
        /// Stands for the body.
        let content: UInt64
        /// Where it is durable, on the sink's scale.
        let place: Int64
        let answer: PushAnswer
    }
    private var recent = RecentDeliveries<Answered>(capacity: 4096)

    init(_ settings: PushSettings, _ sink: any FrameSink, _ acknowledger: PushAcknowledger) throws(FeedError) {
        self.settings = settings
        self.sink = sink
        self.acknowledger = acknowledger
        validator = try PushValidator(settings.format, settings.bodies)
    }

    /// What a request brings.
    private struct Delivery {
        var header: PushHeader
        var body: [UInt8]
        /// Each line is a message.
        var isLines: Bool
        var kind: PushKind
    }

    /// Answers a request, at once or once it is durable.
    ///
    /// - Throws: what the sink throws; the request was answered.
    func handle(_ job: PushJob) throws {
        guard !job.responder.isCancelled else { return }
        switch delivery(of: job) {
        case .failure(let refusal): job.responder.respond(refusal.response)
        case .success(let delivery):
            do {
                try take(delivery, job.responder)
            } catch {
                job.responder.respond(.feedNotRunning)
                throw error
            }
        }
    }

    // MARK: Requests

    private struct Refusal: Error {
        let response: HTTPResponse
        init(_ status: Int, _ code: String, _ message: String, headers: HTTPHeaders = [:]) {
            response = .error(status, code: code, message, headers: headers)
        }
    }

    private func delivery(of job: PushJob) -> Result<Delivery, Refusal> {
        if job.kind == .pubsub, let verifier = settings.verifier {
            do throws(TokenError) { try verifier.verify(job.request.headers) } catch {
                return .failure(
                    Refusal(401, "unauthorized", "\(error)", headers: ["WWW-Authenticate": "Bearer"]))
            }
        }
        let body: [UInt8]
        do throws(ContentCoding.Problem) {
            body = try ContentCoding.body(of: job.request, limit: settings.bodyLimit(job.kind))
        } catch {
            return .failure(Refusal(error.status, error.code, error.message))
        }
        return job.kind == .pubsub ? envelope(body) : rows(job.request, body)
    }

    private func envelope(_ body: [UInt8]) -> Result<Delivery, Refusal> {
        do throws(PubSubEnvelope.Problem) {
            let envelope = try PubSubEnvelope(json: body)
            return .success(
                Delivery(header: envelope.header, body: envelope.message.data, isLines: false, kind: .pubsub))
        } catch {
            return .failure(Refusal(400, "bad_envelope", error.message))
        }
    }

    private func rows(_ request: HTTPRequest, _ body: [UInt8]) -> Result<Delivery, Refusal> {
        let key = request.headers["Idempotency-Key"] ?? ""
        guard key.utf8.count <= Self.keyBytesMax else {
            return .failure(
                Refusal(400, "invalid_key", "an Idempotency-Key has at most \(Self.keyBytesMax) bytes"))
        }
        let type = request.headers["Content-Type"]?.lowercased() ?? ""
        return .success(
            Delivery(header: PushHeader(key: key), body: body, isLines: type.contains("ndjson"), kind: .rows))
    }

    // MARK: Frames

    /// Journals a delivery, unless it was before or nothing of it is good.
    private func take(_ delivery: Delivery, _ responder: HTTPResponder) throws {
        let key = delivery.header.key
        let content = unsafe delivery.body.withUnsafeBytes { unsafe PushHeader.content($0) }
        if !key.isEmpty, let known = recent[key] {
            guard known.content == content else {
                responder.respond(
                    .error(422, code: "key_reused", "the Idempotency-Key was used before, for another body"))
                return
            }
            acknowledger.add(responder, response(known.answer, delivery.kind, isRepeated: true), durable: known.place)
            return
        }
        let (frames, answer) = check(delivery)
        if delivery.kind == .rows {
            guard !answer.isUseless else {
                responder.respond(answer.refusal)
                return
            }
            // A list without rows; a message of a venue that says nothing of interest is kept like all that it sends.
            guard answer.accepted + answer.rejected > 0 || (answer.ignored > 0 && settings.format.isMessages) else {
                responder.respond(answer.response(isRepeated: false))
                return
            }
        }
        for frame in frames {
            try unsafe frame.withUnsafeBytes { bytes in
                try unsafe sink.frame(
                    UnsafeRawBufferPointer(rebasing: bytes.dropLast(Self.paddingBytes)), ingestTime: .now())
            }
        }
        let place = sink.progress?.given ?? 0
        if !key.isEmpty { recent.insert(Answered(content: content, place: place, answer: answer), key: key) }
        acknowledger.add(responder, response(answer, delivery.kind, isRepeated: false), durable: place)
    }

    private func response(_ answer: PushAnswer, _ kind: PushKind, isRepeated: Bool) -> HTTPResponse {
        kind == .pubsub ? HTTPResponse(status: 204) : answer.response(isRepeated: isRepeated)
    }

    /// Bytes behind a frame that its decoder may read.
    private static let paddingBytes = 64

    /// The frames of a delivery, each with readable bytes behind it, and what they hold.
    private func check(_ delivery: Delivery) -> (frames: [[UInt8]], PushAnswer) {
        var answer = PushAnswer()
        var frames: [[UInt8]] = []
        var ranges = settings.format.frames(of: delivery.body, isLines: delivery.isLines)
        // A message of Pub/Sub is kept whatever it holds: its attributes may be all there is.
        if ranges.isEmpty, delivery.kind == .pubsub { ranges = [0..<0] }
        for (part, range) in ranges.enumerated() {
            var header = delivery.header
            header.part = part
            let line = header.line
            var frame: [UInt8] = []
            frame.reserveCapacity(line.count + range.count + Self.paddingBytes)
            frame += line
            frame += delivery.body[range]
            let end = frame.count
            frame.append(contentsOf: repeatElement(0, count: Self.paddingBytes))
            unsafe frame.withUnsafeBytes { bytes in
                unsafe validator.check(
                    UnsafeRawBufferPointer(rebasing: bytes[line.count..<end]), place: part, into: &answer)
            }
            frames.append(frame)
        }
        return (frames, answer)
    }
}
