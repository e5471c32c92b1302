internal import Delivery
internal import Market
internal import Objects
internal import Platform

/// What the sink keeps beside its objects, below `_tapedeck/`: engines leave out names that begin with an underscore.
struct ObjectFolder {
    let store: any ObjectStore
    private let pipeline: String
    private let meter: UsageMeter

    init(_ store: any ObjectStore, pipeline: String, meter: UsageMeter) {
        self.store = store
        self.pipeline = pipeline
        self.meter = meter
    }

    private static let marker = "_tapedeck/pipeline.json"
    private static let json = "application/json"

    /// Makes the place this pipeline's, once and for all; finds out whether the store keeps to conditions.
    func claim(layout: String, compression: String) throws(DeliveryError) {
        let text =
            "{\"pipeline\":\(JSONText.quoted(pipeline)),\"layout\":\(JSONText.quoted(layout)),"
            + "\"compression\":\(JSONText.quoted(compression))}\n"
        let content = Array(text.utf8)
        try Self.translating { () throws(ObjectError) in
            guard try store.putIfAbsent(Self.marker, content, type: Self.json) else { return }
            guard try !store.putIfAbsent(Self.marker, content, type: Self.json) else {
                try? store.delete(Self.marker)
                throw ObjectError(
                    .refused,
                    "the store replaces an object that must not be there (it does not heed `If-None-Match`): two programs would "
                        + "not notice each other",
                    operation: "PUT \(store)")
            }
        }
        let found = try read(Self.marker)
        guard found == content else {
            let said =
                found.map { String(decoding: $0.prefix(300), as: UTF8.self).filter { !$0.isNewline } } ?? "nothing"
            throw DeliveryError(
                .setup,
                "\(store) is the place of \(said), not of \(text.filter { !$0.isNewline }): choose another folder in `url`"
            )
        }
    }

    /// Puts an object of rows unless there is one of its key.
    func putIfAbsent(_ key: String, _ content: [UInt8], type: String) throws(DeliveryError) -> Bool {
        let isOurs = try Self.translating { () throws(ObjectError) in
            try store.putIfAbsent(key, content, type: type)
        }
        if isOurs { meter.add(kept: Int64(content.count)) }
        return isOurs
    }

    /// The content of an object; nil where there is none.
    func read(_ key: String) throws(DeliveryError) -> [UInt8]? {
        try Self.translating { () throws(ObjectError) in try store.get(key) }
    }

    /// A text that is kept for a table, and replaced by the next one.
    func note(_ kind: String, _ table: String) throws(DeliveryError) -> String? {
        try read("_tapedeck/\(kind)/\(table)").map { String(decoding: $0, as: UTF8.self) }
    }

    func setNote(_ kind: String, _ table: String, _ text: String) throws(DeliveryError) {
        try Self.translating { () throws(ObjectError) in
            try store.put("_tapedeck/\(kind)/\(table)", Array(text.utf8), type: "text/plain")
        }
    }

    /// Keeps what was left out, and why.
    func reject(_ table: TableSchema, offset: Int64, reason: String) throws(DeliveryError) {
        let text = MessageIdentity.rejected(pipeline: pipeline, table, offset: offset, reason: reason) + "\n"
        try Self.translating { () throws(ObjectError) in
            try store.put("_tapedeck/rejected/\(table.name)/\(offset).json", Array(text.utf8), type: Self.json)
        }
    }

    static func translating<T>(_ body: () throws(ObjectError) -> T) throws(DeliveryError) -> T {
        do { return try body() } catch {
            switch error.kind {
            case .unavailable, .malformed: throw DeliveryError(.unavailable, error.description)
            case .denied, .missing, .refused: throw DeliveryError(.setup, error.description)
            }
        }
    }
}
