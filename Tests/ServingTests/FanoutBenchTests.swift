import Serving
import Testing

@Suite struct FanoutBenchTests {
    @Test func `the benchmark delivers each event to the client that named it and the one that takes all`() throws {
        let result = try FanoutBench.paced(events: 500, eventsPerSecond: 20_000)
        #expect(result.messages == 1000 && result.lost == 0)
        #expect(result.p50Ns > 0 && result.p50Ns <= result.p99Ns && result.p99Ns <= result.maxNs)
        #expect(result.seconds >= 0.02)
        #expect(result.serverCPUSeconds < result.cpuSeconds)
    }

    @Test func `no rate keeps a bound of nothing, and everything still arrives`() throws {
        let ceiling = try FanoutBench.ceiling(secondsPerStep: 0.01, boundNs: 1)
        #expect(ceiling.best == nil)
        #expect(ceiling.steps[0].offered == 100_000 && ceiling.steps[0].result.messages == 1000)
        #expect(ceiling.flatOut.messages == 50_000 && ceiling.flatOut.lost == 0)
    }
}
