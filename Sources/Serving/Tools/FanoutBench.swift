public import Networking

/// Measures the live stream from the moment an event was due to its arrival at a client's socket, over loopback.
public enum FanoutBench {
    /// What was measured at one rate.
    public struct Result: Sendable {
        /// Messages delivered to all clients together.
        public var messages: Int64 = 0
        /// Messages that slow clients lost to newer ones.
        public var lost: Int64 = 0
        public var bytes: Int64 = 0
        public var seconds = 0.0
        /// User and system time of the publishing and the server's thread; the kernel's share of the receiving side
        /// that runs inside a send on loopback is in it.
        public var serverCPUSeconds = 0.0
        /// User and system time of the whole process.
        public var cpuSeconds = 0.0
        /// Times from the moment that an event was due, in nanoseconds.
        public var p50Ns: Int64 = 0
        public var p99Ns: Int64 = 0
        public var maxNs: Int64 = 0
        /// Messages that one read of a client brought, on average.
        public var messagesPerRead = 0.0

        public var messagesPerSecond: Double { Double(messages) / seconds }
        /// Messages that a second of the server's and the publisher's time is enough for.
        public var messagesPerServerCPUSecond: Double { Double(messages) / serverCPUSeconds }
    }

    /// Events that are due at even intervals, each published as it becomes due: 1,000 instruments, all equally likely;
    /// 100 clients with ten of them each, and one client with all.
    ///
    /// - Throws: `NetworkError` where the server or a client cannot be set up.
    public static func paced(events: Int, eventsPerSecond: Double = 50_000) throws(NetworkError) -> Result {
        let instruments = 1000
        var requests = (0..<100).map { client in
            FanoutRig.request(instruments: (0..<10).map { (client * 10 + $0) % instruments })
        }
        requests.append(FanoutRig.request(instruments: []))
        let rig = try FanoutRig(instruments: instruments, requests: requests)
        // Connections, memory and code are warm before anything counts.
        _ = try rig.run(events: 5000, eventsPerSecond: eventsPerSecond, expecting: 10_000)
        return try rig.run(events: events, eventsPerSecond: eventsPerSecond, expecting: Int64(events * 2))
    }

    /// What 100 clients that take everything were given.
    public struct Ceiling: Sendable {
        /// The rates offered, in messages per second, with what was measured at each.
        public var steps: [(offered: Double, result: Result)] = []
        /// The step with the highest rate at which everything arrived, 99 of 100 messages within the bound.
        public var best: (offered: Double, result: Result)?
        /// As fast as the clients read.
        public var flatOut = Result()
    }

    /// Raises the rate of messages to 100 clients that take everything, until they no longer arrive at that rate.
    ///
    /// - Parameters:
    ///   - secondsPerStep: length of each rate's run. A run that breaks the bound is repeated once, and the better counts:
    ///     one moment that the machine gives to somebody else is no limit of the server's.
    ///   - boundNs: the bound on the 99th percentile, from the moment that an event was due.
    /// - Throws: `NetworkError` where the server or a client cannot be set up.
    public static func ceiling(secondsPerStep: Double, boundNs: Int64 = 2_000_000) throws(NetworkError) -> Ceiling {
        let clients = 100
        let rig = try FanoutRig(
            instruments: 100, requests: (0..<clients).map { _ in FanoutRig.request(instruments: []) })
        _ = try rig.run(events: 100, eventsPerSecond: 2000, expecting: Int64(100 * clients))
        var ceiling = Ceiling()
        for offered in [100_000.0, 250_000, 500_000, 750_000, 1_000_000, 2_000_000, 3_000_000] {
            let events = max(1, Int(offered / Double(clients) * secondsPerStep))
            func run() throws(NetworkError) -> Result {
                try rig.run(
                    events: events, eventsPerSecond: offered / Double(clients), expecting: Int64(events * clients))
            }
            var result = try run()
            if result.p99Ns > boundNs || result.lost > 0 {
                let second = try run()
                if (second.lost, second.p99Ns) < (result.lost, result.p99Ns) { result = second }
            }
            ceiling.steps.append((offered, result))
            if result.lost == 0, result.p99Ns <= boundNs { ceiling.best = (offered, result) }
            guard result.lost == 0, result.messagesPerSecond > 0.8 * offered else { break }
        }
        let events = max(1, Int(50_000 * secondsPerStep))
        ceiling.flatOut = try rig.run(events: events, eventsPerSecond: nil, expecting: Int64(events * clients))
        return ceiling
    }
}
