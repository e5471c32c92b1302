/// Frames of the simulated market in memory, for benchmarks and tests: the same arguments give the same bytes.
public struct SimulatedFrames: Sendable {
    /// All frames, one behind the other, and 64 bytes more.
    public private(set) var bytes: [UInt8] = []
    /// Where each frame starts, and at last where the last one ends.
    public private(set) var offsets: [Int] = [0]
    /// When each frame arrives, in nanoseconds since 1970 UTC.
    public private(set) var ingestTimesNs: [Int64] = []
    /// Trades and quotes in all frames.
    public private(set) var events = 0
    /// Frames.
    public var count: Int { ingestTimesNs.count }

    /// Makes `count` frames.
    ///
    /// - Parameters:
    ///   - seed: chooses the market.
    ///   - rate: events per second of simulated time, averaged over a day.
    ///   - startNs: when the market starts, in nanoseconds since 1970 UTC; 2023-11-14T22:13:20Z unless told.
    ///   - resume: where an earlier session stopped.
    public init(
        count: Int, seed: UInt64 = 1, rate: Double = 200, startNs: Int64 = 1_700_000_000_000_000_000,
        resume: SimulatorState? = nil
    ) {
        let model = MarketModel(
            seed: seed, rate: rate, burstIntervalNs: SimulatorFeed.defaultBurstIntervalNs, startNs: startNs,
            resume: resume)
        let source = SimulatorFrames(model, seed: seed)
        bytes.reserveCapacity(count * 1024)
        offsets.reserveCapacity(count + 1)
        ingestTimesNs.reserveCapacity(count)
        while self.count < count, let frame = source.next(sentBy: .max - 1) {
            unsafe bytes.append(contentsOf: frame.payload)
            offsets.append(bytes.count)
            ingestTimesNs.append(frame.ingestTimeNs)
            events += frame.events
        }
        bytes.append(contentsOf: [UInt8](repeating: 0, count: 64))
    }

    /// Gives the bytes of one frame to `body`; 64 more are readable behind them.
    public func withFrame<Result, Failure: Error>(
        _ index: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let range = offsets[index]..<offsets[index + 1]
        return try unsafe bytes.withUnsafeBufferPointer { buffer throws(Failure) in
            try unsafe body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer[range])))
        }
    }
}
