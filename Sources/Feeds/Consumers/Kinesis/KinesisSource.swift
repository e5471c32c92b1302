internal import Market
internal import Networking
internal import Platform

/// Journals the records of a stream, each shard from where its last run stopped.
final class KinesisSource: FeedSource {
    private let settings: KinesisSettings
    private let memory: (any FeedMemory)?

    /// - Parameter memory: what earlier runs journaled.
    init(_ settings: KinesisSettings, resuming memory: (any FeedMemory)?) {
        self.settings = settings
        self.memory = memory
    }

    func run(into output: any FeedOutput, status: FeedStatus) throws {
        guard let before = try ConsumedBefore.read(memory, output, status) else { return }
        let sink = try output.sink(feed: status.name)
        let session = settings.session(before, now: .now())
        status.set(.connecting)
        try sink.begin(settings: session.text, ingestTime: .now())
        let (stream, positions) = (settings.stream.name, before.positions)
        let shards = KinesisShards(settings.policy, start: session.start) { shard in
            positions[StreamLog(stream: stream, partition: shard).name]
        }
        let reader = KinesisReader(
            try settings.client(), KinesisJournal(sink, stream: stream), shards, ConsumerHealth(status), output,
            batch: settings.batch)
        let threads = (1..<settings.readers).map { _ in NamedThread("read-\(status.name)") { reader.run() } }
        reader.run()
        for thread in threads { thread.join() }
        if let failure = reader.failure { throw failure }
    }
}

/// Writes the frames of records.
///
/// - Threading: one thread at a time.
struct KinesisJournal {
    private let sink: any FrameSink
    private let stream: String

    init(_ sink: any FrameSink, stream: String) {
        self.sink = sink
        self.stream = stream
    }

    /// Journals a record: one frame, or one for each that was packed in it.
    ///
    /// The place in the shard moves with the last of them; the others are told by an id, should the program end between.
    func keep(_ record: KinesisClient.Record, _ shard: String) throws {
        let parts = KinesisAggregate(record.data)?.parts ?? []
        for (number, part) in parts.dropLast().enumerated() {
            let id = "\(shard)/\(record.number)/\(number)"
            try write(.message(stream: stream, id: id), record, key: part.partitionKey, part.data)
        }
        let log = StreamLog(stream: stream, partition: shard)
        try write(
            .position(log, record.number), record, key: parts.last?.partitionKey ?? record.partitionKey,
            parts.last?.data ?? record.data)
    }

    private func write(
        _ identity: ConsumerHeader.Identity, _ record: KinesisClient.Record, key: String, _ data: [UInt8]
    ) throws {
        var header = ConsumerHeader(identity, timeNs: record.arrivedNs)
        header.key = key
        header.hasValue = !data.isEmpty
        let frame = header.line + data
        try unsafe frame.withUnsafeBytes { unsafe try sink.frame($0, ingestTime: .now()) }
    }
}
