internal import Delivery
internal import Market
internal import Networking
internal import Objects
internal import Platform
internal import Stores

/// Measures object stores, a folder and a bucket in memory behind HTTP on loopback, and the sink that delivers to them.
public enum ObjectsBench {
    /// Where objects go.
    public enum Place: String, Sendable, CaseIterable {
        case folder, bucket
    }

    /// What objects of bytes alone took.
    public struct Transfers: Sendable {
        public let place: Place
        /// Bytes a second.
        public let put: Double
        public let get: Double
    }

    /// What the sink took.
    public struct Report: Sendable {
        public var rows: Int64 = 0
        public var seconds = 0.0
        /// User and system time of the process, the bucket included.
        public var cpuSeconds = 0.0
        /// Bytes of objects, compressed.
        public var bytes: Int64 = 0
        public var objects = 0
    }

    private static let objectBytes = 16 << 20
    private static let objects = 16

    /// Puts and gets objects of 16 MiB.
    ///
    /// - Throws: `ObjectError`, `NetworkError`.
    public static func transfers(folder: String) throws -> [Transfers] {
        var state: UInt64 = 1
        let content = (0..<objectBytes).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        return try Place.allCases.map { place in
            let bucket = try LoopbackBucket()
            let store = try ObjectOptions.store(try options(ObjectSink.spec, place, folder, bucket))
            func rate(_ body: (String) throws -> Void) throws -> Double {
                let watch = Stopwatch()
                for number in 0..<objects { try body("object-\(number)") }
                return Double(objects * objectBytes) / watch.seconds
            }
            let put = try rate { try store.put($0, content, type: "application/octet-stream") }
            let get = try rate { key in
                guard try store.get(key)?.count == content.count else {
                    throw ObjectError(.malformed, "not what was put", operation: "GET \(key)")
                }
            }
            return Transfers(place: place, put: put, get: get)
        }
    }

    /// Delivers trades as the sink's thread would, in objects as large as they are unless configured.
    ///
    /// - Throws: `DatabaseError`, `DeliveryError`, `ObjectError`, `NetworkError`.
    public static func sink(_ place: Place, compression: String, rows: Int, folder: String) throws -> Report {
        let trades = try BenchTradeUnits(rows: rows)
        let bucket = try LoopbackBucket()
        let options = try options(ObjectSink.spec, place, folder, bucket, ["compression=\(compression)"])
        let target = try ObjectSink.make(options, SinkContext(pipeline: "bench", sink: "objects", folder: ""))
        defer { target.close() }
        try target.open([Tables.trades])
        var report = Report(rows: Int64(rows))
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        for unit in 0..<trades.count { _ = try target.deliver(try trades.unit(unit)) }
        report.seconds = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        let found = try ObjectOptions.store(options).list(prefix: "trades/", after: "", limit: ObjectPage.limitMax)
        report.objects = found.objects.count
        report.bytes = found.objects.reduce(0) { $0 + $1.bytes }
        return report
    }

    private static func options(
        _ spec: Spec, _ place: Place, _ folder: String, _ bucket: LoopbackBucket, _ more: [String] = []
    ) throws -> Options {
        switch place {
        case .folder: try Options(spec, assignments: ["url=\(folder)"] + more)
        case .bucket:
            try Options(
                spec,
                assignments: [
                    "url=s3://\(LoopbackBucket.name)", "endpoint=\(bucket.url)", "access_key=bench", "secret_key=bench",
                ] + more)
        }
    }
}
