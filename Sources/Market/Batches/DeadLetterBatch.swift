public import Platform

/// Frames and events that did not decode or validate, as columns.
public final class DeadLetterBatch: ColumnarBatch, @unchecked Sendable {  // one owner at a time
    public var schema: TableSchema { Tables.deadLetters }

    public let ingestTimeNs = Column<Int64>()
    public let feed = Column<UInt32>()
    public let journalOffset = Column<Int64>()
    public let frameIndex = Column<Int32>()
    /// `RejectReason` raw values.
    public let reason = Column<UInt8>()
    public let detailOffsets = Column<Int64>()
    public let detail = Column<UInt8>()
    public let payloadOffsets = Column<Int64>()
    public let payload = Column<UInt8>()

    public init() {
        detailOffsets.append(0)
        payloadOffsets.append(0)
    }

    public var count: Int { ingestTimeNs.count }

    public func columns(_ dictionaries: BatchDictionaries) -> [ArrowColumn] {
        [
            .init("ingest_time_ns", .int64(ingestTimeNs)),
            .init("feed", .dictionary(indices: feed, dictionaries.feeds)),
            .init("journal_offset", .int64(journalOffset)),
            .init("frame_index", .int32(frameIndex)),
            .init("reason", .dictionary8(indices: reason, RejectReason.names)),
            .init("detail", .text(offsets: detailOffsets, bytes: detail)),
            .init("payload", .binary(offsets: payloadOffsets, bytes: payload)),
        ]
    }

    public func append(
        ingestTimeNs: Int64, feed: UInt32, journalOffset: Int64, frameIndex: Int32, reason: RejectReason,
        detail: String, payload: UnsafeRawBufferPointer
    ) {
        self.ingestTimeNs.append(ingestTimeNs)
        self.feed.append(feed)
        self.journalOffset.append(journalOffset)
        self.frameIndex.append(frameIndex)
        self.reason.append(reason.rawValue)
        for byte in detail.utf8 { self.detail.append(byte) }
        detailOffsets.append(Int64(self.detail.count))
        unsafe self.payload.append(contentsOf: payload)
        payloadOffsets.append(Int64(self.payload.count))
    }

    /// Drops rows.
    ///
    /// - Parameters:
    ///   - start: rows before it stay.
    ///   - isKept: for each row from `start` on, whether it stays.
    public func keep(from start: Int, _ isKept: [Bool]) {
        precondition(isKept.count == count - start, "one decision per row")
        var target = start
        for (place, isKept) in isKept.enumerated() where isKept {
            move(from: start + place, to: target)
            target += 1
        }
        for column in [ingestTimeNs, journalOffset] { column.truncateOrExtend(to: target) }
        feed.truncateOrExtend(to: target)
        frameIndex.truncateOrExtend(to: target)
        reason.truncateOrExtend(to: target)
        for (offsets, bytes) in [(detailOffsets, detail), (payloadOffsets, payload)] {
            offsets.truncateOrExtend(to: target + 1)
            bytes.truncateOrExtend(to: Int(offsets[target]))
        }
    }

    private func move(from source: Int, to target: Int) {
        guard source != target else { return }
        ingestTimeNs[target] = ingestTimeNs[source]
        feed[target] = feed[source]
        journalOffset[target] = journalOffset[source]
        frameIndex[target] = frameIndex[source]
        reason[target] = reason[source]
        for (offsets, bytes) in [(detailOffsets, detail), (payloadOffsets, payload)] {
            var end = Int(offsets[target])
            for place in Int(offsets[source])..<Int(offsets[source + 1]) {
                bytes[end] = bytes[place]
                end += 1
            }
            offsets[target + 1] = Int64(end)
        }
    }

    public func removeAll() {
        for column in [ingestTimeNs, journalOffset, detailOffsets, payloadOffsets] { column.removeAll() }
        for column in [reason, detail, payload] { column.removeAll() }
        feed.removeAll()
        frameIndex.removeAll()
        detailOffsets.append(0)
        payloadOffsets.append(0)
    }
}

/// Why a frame or an event was rejected.
public enum RejectReason: UInt8, Sendable, CaseIterable {
    /// The frame is not JSON (or not the text format that was promised).
    case malformed = 0
    /// A field is missing.
    case missingField = 1
    /// A field has another type than the protocol says.
    case wrongType = 2
    /// The price is zero, negative, infinite or not a number.
    case priceNotPositive = 3
    /// The size is negative, infinite or not a number.
    case sizeInvalid = 4
    /// The event time lies outside 1970-01-01 … 2200-01-01.
    case timeOutOfRange = 5
    /// The frame is larger than the decoder accepts.
    case tooLarge = 6
    /// The venue reported an error.
    case venueError = 7
    /// Values contradict each other, such as a close outside of high and low.
    case inconsistent = 8
    /// A value is so far from its neighbours that it is wrong, such as a price in pence among prices in pounds.
    case implausible = 9
    /// A value is not one of those that the field may have.
    case valueInvalid = 10
    /// The delivery's idempotency key was used before, for other content.
    case keyReused = 11

    /// The code in tables and metrics, for example `price_not_positive`.
    public var code: String {
        switch self {
        case .malformed: "malformed"
        case .missingField: "missing_field"
        case .wrongType: "wrong_type"
        case .priceNotPositive: "price_not_positive"
        case .sizeInvalid: "size_invalid"
        case .timeOutOfRange: "time_out_of_range"
        case .tooLarge: "too_large"
        case .venueError: "venue_error"
        case .inconsistent: "inconsistent"
        case .implausible: "implausible"
        case .valueInvalid: "value_invalid"
        case .keyReused: "key_reused"
        }
    }
    static let names = StringDictionary(values: allCases.map(\.code))
}
