extension ConsumedBefore {
    /// What the journal says about the earlier runs of a feed; nothing where no memory is there to ask. The status shows
    /// that it is being read, which may take a while.
    ///
    /// - Returns: nil where the feed was cancelled first.
    /// - Throws: what the memory throws.
    static func read(
        _ memory: (any FeedMemory)?, _ output: any FeedOutput, _ status: FeedStatus
    ) throws -> ConsumedBefore? {
        status.set(.connecting, "reading from the journal how far the feed had come")
        guard let memory else { return ConsumedBefore() }
        return try memory.consumed(feed: status.name, unless: { output.isCancelled })
    }
}
