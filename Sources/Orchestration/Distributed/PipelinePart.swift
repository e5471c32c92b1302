internal import Journaling
internal import Lake

/// The partition that a pipeline works on, in place of a journal of its own with all there is.
struct PipelinePart {
    let share: PartitionShare
    /// Folder of the lake that all workers write.
    let lake: any LakePlace
    /// Where its journal begins, which is nowhere kept: the topic is.
    let start: Offset
    /// Names of the feeds 0, 1, 2 … there.
    let feeds: [String]
    /// State of the engine there; nil at the beginning.
    let engine: [UInt8]?
    let checkpoints: any Checkpoints
    /// Called at each point that a flush passes.
    let reached: @Sendable (FlushStep) throws(LakeError) -> Void

    /// Segments of the journal, which go as soon as the lake has them.
    private static let segmentBytes: Int64 = 16 << 20

    func adapt(_ options: inout Journal.Options) {
        options.firstOffset = start
        options.firstFeeds = feeds
        options.segmentBytes = Self.segmentBytes
        options.retainNs = nil
        options.retainBytes = 1
        // It is for the engine to read at once, and for nobody after a crash.
        options.compression = .none
        options.syncSpacingNs = 5_000_000
    }

    func adapt(_ options: inout HotStore.Options, scratch: String) {
        options.threads = 1
        options.share = LakeShare(scratch: scratch, offsets: share.offsets)
        options.reached = reached
    }

    /// Takes the engine to where the partition begins.
    ///
    /// - Throws: `UnfitState` where its state is of another configuration.
    func resume(_ stage: EngineStage) throws {
        guard let engine else { return stage.start(at: start) }
        guard try stage.restore(engine) else { throw UnfitState() }
    }
}

/// The state of a partition is of other bars, indicators or another lateness than are configured now.
struct UnfitState: Error {}
