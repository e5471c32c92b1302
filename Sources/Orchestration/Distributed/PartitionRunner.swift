internal import Foundation
internal import Journaling
internal import Kafka
internal import Platform

/// One partition of the topic while a worker has it: takes its messages into the journal of a pipeline of its own.
///
/// - Threading: one thread.
final class PartitionRunner {
    let name: TopicPartition
    let share: PartitionShare
    let pipeline: Pipeline
    private let checkpoints: PartitionCheckpoints
    private let block = TopicBlock()
    /// Numbers of the feeds, by name.
    private var feeds: [String: FeedID] = [:]
    private var producers: [UInt64: Offset]
    /// The message wanted next.
    private(set) var next: Int64
    /// The record that the next message begins with.
    private var record: Offset
    /// Behind the last message of the topic, when it was looked at last.
    var end: Int64
    /// True while no more messages are wanted.
    private(set) var isPaused = false
    /// The message that the group was told to go on with.
    private var committed: Int64

    /// Where the topic ended some time after a sink's target was first asked; nil while that is not known.
    private var heads: [String: Int64?] = [:]
    private var compared: Set<String> = []

    /// Bytes of messages that the engine has not processed, beyond which no more are taken, and those to go on with.
    private static let waitingBytes = (most: 32 << 20, least: 8 << 20)

    /// Opens the partition where its newest state ends.
    ///
    /// - Parameter bounds: the messages that the topic has.
    /// - Throws: what is wrong, in words for the user.
    init(
        _ name: TopicPartition, _ share: PartitionShare, _ settings: WorkerSettings, bounds: Range<Int64>
    ) throws {
        self.name = name
        self.share = share
        let states = settings.states(of: share)
        let own = settings.configuration.partition(share)
        func open(_ state: PartitionState?) throws -> (Pipeline, PartitionCheckpoints, PartitionPosition) {
            try Self.clear(own.dataFolder)
            let position = state?.position ?? PartitionPosition(message: bounds.lowerBound, record: share.firstOffset)
            try PartitionCheckpoints.restore(state?.sinkFiles ?? [:], dataFolder: own.dataFolder)
            let checkpoints = PartitionCheckpoints(
                states, from: position, feeds: state?.feeds ?? [], dataFolder: own.dataFolder)
            let part = PipelinePart(
                share: share, lake: settings.lake, start: state?.offset ?? share.firstOffset,
                feeds: state?.feeds ?? [], engine: state?.engine, checkpoints: checkpoints, reached: settings.reached)
            return (try Pipeline(own, part: part), checkpoints, position)
        }
        let state = try states.newest()
        let position: PartitionPosition
        do {
            if let state, state.position.message < bounds.lowerBound {
                throw PipelineError(
                    "\(name) begins at message \(bounds.lowerBound), but the state needs \(state.position.message): the "
                        + "topic keeps its messages for too short a time")
            }
            if let state, state.position.message > bounds.upperBound {
                throw PipelineError(
                    "\(name) ends at message \(bounds.upperBound), but the state was made of \(state.position.message): "
                        + "it is not the topic that it was made of")
            }
            (pipeline, checkpoints, position) = try open(state)
        } catch is UnfitState {
            Log.warning(
                "bars, indicators or lateness changed: the partition is read again from its start", ["name": "\(name)"])
            (pipeline, checkpoints, position) = try open(nil)
        }
        for (number, feed) in (state?.feeds ?? []).enumerated() { feeds[feed] = FeedID(rawValue: UInt16(number)) }
        producers = position.producers
        next = position.message
        record = position.record
        committed = -1
        end = bounds.upperBound
        if position.record == share.firstOffset, position.message > 0 { try checkBeginning() }
        pipeline.start()
    }

    /// A journal that is not read from its beginning gives other offsets than the targets have.
    private func checkBeginning() throws {
        guard pipeline.hasCommitted else { return }
        pipeline.stop()
        throw PipelineError(
            "\(name) has no state, and its first messages are gone, but the lake has rows of it: restore the state, or use "
                + "another lake")
    }

    /// What an earlier owner of this folder left: the state is elsewhere, and so is all it was made of.
    private static func clear(_ folder: String) throws {
        if FileManager.default.fileExists(atPath: folder) { try FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    // MARK: Messages

    /// Takes a message; those before `next` are passed over.
    ///
    /// - Throws: where it is not what the producers of this pipeline write.
    func take(_ message: KafkaMessage) throws {
        guard message.offset >= next else { return }
        let bytes = unsafe message.value ?? UnsafeRawBufferPointer(start: nil, count: 0)
        do throws(TopicBlockError) {
            try unsafe block.load(bytes)
        } catch {
            throw PipelineError("message \(message.offset) of \(name) cannot be read: \(error)")
        }
        guard block.partition == share.partition, block.partitionCount == share.partitioning.count else {
            throw PipelineError(
                "message \(message.offset) of \(name) was made for partition \(block.partition) of "
                    + "\(block.partitionCount), here are \(share.partitioning.count): give all processes the same `partitions`"
            )
        }
        let seen = producers[block.producer] ?? 0
        var end = seen
        if block.follows(seen) {
            try takeRecords(from: seen)
            end = max(seen, block.endOffset)
        } else {
            Log.warning(
                "a message is passed over: one before it was refused, and its feed process sends both again",
                ["partition": "\(name)", "message": message.offset])
        }
        checkpoints.took(
            PartitionMessages.Entry(
                message: message.offset, producer: block.producer, producerEnd: end, end: record, bytes: bytes.count))
        producers[block.producer] = end
        next = message.offset + 1
    }

    /// Takes the records from an offset of their producer on.
    private func takeRecords(from seen: Offset) throws {
        var numbers = [FeedID?](repeating: nil, count: block.feeds.count)
        let journal = pipeline.journal
        for index in 0..<block.count {
            let taken = block[index]
            guard taken.offset >= seen else { continue }
            let feed: FeedID
            if let known = numbers[taken.feed] {
                feed = known
            } else {
                feed = try number(of: block.feeds[taken.feed])
                numbers[taken.feed] = feed
            }
            // The state has what comes before the journal's first record.
            if record >= journal.nextOffset {
                try unsafe journal.append(
                    taken.kind, feed: feed, ingestTime: Timestamp(nanoseconds: taken.ingestTimeNs),
                    payload: taken.payload)
            }
            record += 1
        }
    }

    private func number(of name: String) throws -> FeedID {
        if let known = feeds[name] { return known }
        let feed = try pipeline.journal.unrecordedFeed(named: name)
        pipeline.feedNames.set(name, of: feed)
        checkpoints.named(name)
        feeds[name] = feed
        return feed
    }

    // MARK: From time to time

    /// Why the partition cannot go on; nil while it can.
    var failure: String? { pipeline.report.snapshot.failure }

    /// Whether fetching is to stop or go on; nil where nothing changes.
    func pauseChange() -> Bool? {
        let waiting = checkpoints.bytes(from: pipeline.engineLoop.offset)
        let shallPause = waiting > (isPaused ? Self.waitingBytes.least : Self.waitingBytes.most)
        guard shallPause != isPaused else { return nil }
        isPaused = shallPause
        return shallPause
    }

    /// Looks for targets that have more than the topic ever held, once `end` was asked for.
    ///
    /// A target may well be ahead of the state that a partition begins with. It is ahead of the topic where it stays so until
    /// all is taken that the topic held when the target was asked.
    func compareTargets() {
        for sink in pipeline.sinkLoops where !compared.contains(sink.name) {
            guard let opened = sink.report.opened else { continue }
            // The end that is known now may have been asked for before the target was.
            guard let noted = heads[sink.name] else {
                heads[sink.name] = .some(nil)
                continue
            }
            let head = noted ?? end
            heads[sink.name] = head
            guard next >= head else { continue }
            compared.insert(sink.name)
            if opened >= record { sink.refuse(beyond: record) }
        }
    }

    /// The place that the group does not keep yet and may.
    func due() -> PartitionOffset? {
        let message = checkpoints.savedMessage
        guard message > committed else { return nil }
        committed = message
        return PartitionOffset(name, message)
    }

    /// Messages of the topic that were not taken yet.
    var lag: Int64 { max(0, end - next) }
}
