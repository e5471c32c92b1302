// swift-tools-version: 6.3
import PackageDescription

/// Settings of every target; what differs is stated at the target.
let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
    // Debug builds check exclusive access at run time; in release the check costs more than what it guards.
    .unsafeFlags(
        ["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]
let safe: [SwiftSetting] = common + [.strictMemorySafety()]

/// Layers, from right to left: an import points to a lower layer only (docs/architecture.md).
let package = Package(
    name: "tapedeck",
    products: [.executable(name: "tapedeck", targets: ["tapedeck"])],
    targets: [
        // C: only what Swift cannot import or what is C++ by nature.
        .target(name: "CPlatform"),  // threads, files, CRC32C, Arrow C data interface
        .target(  // simdjson behind a C interface: frame bytes in, columns out
            name: "CDecode",
            cxxSettings: [.unsafeFlags(["-O3", "-std=c++17", "-mavx2", "-mbmi", "-mpclmul", "-mlzcnt"])],
            linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
        .target(name: "CNetworking"),  // keeps TLS of libwebsockets in order
        .systemLibrary(name: "CADBC"),  // database connectivity interface (header fetched by scripts/setup)
        .systemLibrary(name: "CCurl"),  // libcurl
        .systemLibrary(name: "CKafka"),  // librdkafka
        .systemLibrary(name: "CWebSockets"),  // libwebsockets
        .systemLibrary(name: "CYAML"),  // libyaml
        .systemLibrary(name: "CLZ4"),  // lz4 block compression
        .systemLibrary(name: "CLZMA"),  // .xz and .lzma files, among them Dukascopy's .bi5
        .systemLibrary(name: "CZlib"),  // gzip and zip members
        .systemLibrary(name: "CZstd"),  // zstd frames: pages of Parquet files, bodies of requests
        .systemLibrary(name: "COpenSSL"),  // signatures of tokens

        // Clocks, threads, files, bytes, logging, metrics, YAML: the home of `unsafe`.
        .target(
            name: "Platform", dependencies: ["CLZ4", "CLZMA", "CPlatform", "CYAML", "CZlib", "CZstd"],
            swiftSettings: safe),
        // Instruments, schemas, columnar batches; no I/O.
        .target(name: "Market", dependencies: ["Platform"], swiftSettings: safe),
        // ADBC client: DuckDB embedded, any ADBC driver.
        .target(name: "Databases", dependencies: ["CADBC", "CPlatform", "Market", "Platform"], swiftSettings: safe),
        // HTTP and WebSocket, client and server.
        .target(
            name: "Networking",
            dependencies: ["CCurl", "CNetworking", "COpenSSL", "CPlatform", "CWebSockets", "Platform"],
            swiftSettings: safe),
        // Kafka: consumer, producer, mock cluster.
        .target(name: "Kafka", dependencies: ["CKafka", "Platform"], swiftSettings: safe),
        // The durable, ordered log of frames.
        .target(name: "Journaling", dependencies: ["CPlatform", "Market", "Platform"], swiftSettings: safe),
        // Objects under keys: in buckets that speak S3, in folders.
        .target(name: "Objects", dependencies: ["Networking", "Platform"], swiftSettings: safe),
        // The contracts of sinks and of their targets.
        .target(
            name: "Delivery", dependencies: ["Databases", "Journaling", "Market", "Platform"], swiftSettings: safe),
        // Feed handlers: decoders, transports, files, simulator.
        .target(
            name: "Feeds", dependencies: ["CDecode", "Journaling", "Kafka", "Market", "Networking", "Platform"],
            swiftSettings: safe),
        // De-duplication, watermarks, bars, indicators.
        .target(name: "Analytics", dependencies: ["Market", "Platform"], swiftSettings: safe),
        // Hot tables, Parquet files and Delta tables.
        .target(
            name: "Lake", dependencies: ["CZstd", "Databases", "Delivery", "Market", "Objects", "Platform"],
            // Parquet encodings are loops over columns; the decoder asks for the same instructions.
            swiftSettings: safe + [.unsafeFlags(["-Xcc", "-mavx2", "-Xcc", "-mbmi", "-Xcc", "-mlzcnt"])]),
        // Databases and message brokers that rows are delivered to.
        .target(
            name: "Stores",
            dependencies: ["Databases", "Delivery", "Kafka", "Market", "Networking", "Objects", "Platform"],
            swiftSettings: safe),
        // HTTP interface, live stream, dashboard.
        .target(
            name: "Serving", dependencies: ["Databases", "Market", "Networking", "Platform"],
            resources: [.copy("Dashboard"), .copy("Description")], swiftSettings: safe),
        // Configuration, registry, start order, health, shutdown.
        .target(
            name: "Orchestration",
            dependencies: [
                "Analytics", "Databases", "Delivery", "Feeds", "Journaling", "Kafka", "Lake", "Market", "Networking",
                "Objects", "Platform", "Serving", "Stores",
            ],
            swiftSettings: safe),
        // Arguments, help, progress bars, tables, signals; knows nothing of markets.
        .target(name: "CommandLineKit", dependencies: ["CPlatform", "Platform"], swiftSettings: safe),
        // Command line: one file per subcommand.
        .executableTarget(
            name: "tapedeck",
            dependencies: [
                "Analytics", "CommandLineKit", "Databases", "Feeds", "Journaling", "Lake", "Market", "Orchestration",
                "Platform", "Serving",
            ],
            swiftSettings: safe),

        // Seeded generators, test data, faulty files, servers that answer as told.
        .target(name: "TestKit", dependencies: ["Market", "Networking", "Platform"], swiftSettings: common),
        .testTarget(name: "PlatformTests", dependencies: ["Platform", "TestKit"], swiftSettings: common),
        .testTarget(
            name: "CommandLineKitTests", dependencies: ["CommandLineKit", "Platform", "TestKit"], swiftSettings: common),
        .testTarget(name: "MarketTests", dependencies: ["Market", "Platform", "TestKit"], swiftSettings: common),
        .testTarget(
            name: "DatabasesTests", dependencies: ["Databases", "Market", "Platform", "TestKit"], swiftSettings: common),
        .testTarget(
            name: "JournalingTests", dependencies: ["Journaling", "Market", "Platform", "TestKit"],
            swiftSettings: common),
        .testTarget(
            name: "NetworkingTests", dependencies: ["Networking", "Platform", "TestKit"], swiftSettings: common),
        .testTarget(
            name: "FeedsTests",
            dependencies: [
                "Analytics", "CDecode", "Feeds", "Journaling", "Kafka", "Market", "Networking", "Platform", "TestKit",
            ],
            swiftSettings: common),
        .testTarget(
            name: "ObjectsTests", dependencies: ["Networking", "Objects", "Platform", "TestKit"], swiftSettings: common),
        .testTarget(name: "KafkaTests", dependencies: ["Kafka", "Platform", "TestKit"], swiftSettings: common),
        .testTarget(
            name: "AnalyticsTests", dependencies: ["Analytics", "Market", "Platform", "TestKit"], swiftSettings: common),
        .testTarget(
            name: "LakeTests",
            dependencies: ["Databases", "Delivery", "Lake", "Market", "Networking", "Objects", "Platform", "TestKit"],
            swiftSettings: common),
        .testTarget(
            name: "StoresTests",
            dependencies: [
                "Databases", "Delivery", "Kafka", "Market", "Networking", "Objects", "Platform", "Stores", "TestKit",
            ],
            swiftSettings: common),
        .testTarget(
            name: "ServingTests", dependencies: ["Market", "Networking", "Platform", "Serving", "TestKit"],
            swiftSettings: common),
        .testTarget(
            name: "OrchestrationTests",
            dependencies: [
                "Analytics", "Databases", "Delivery", "Feeds", "Journaling", "Kafka", "Lake", "Market", "Networking",
                "Objects", "Orchestration", "Platform", "Serving", "TestKit",
            ],
            swiftSettings: common),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// The fuzzers need every module built with coverage counters, so that only scripts/fuzz asks for them.
if Context.environment["TAPEDECK_FUZZERS"] != nil {
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Fuzzing/CFuzzer"),  // libFuzzer of the Swift toolchain
        .executableTarget(
            name: "fuzzers",
            dependencies: [
                "Analytics", "CFuzzer", "Databases", "Feeds", "Journaling", "Lake", "Market", "Networking", "Objects",
                "Orchestration", "Platform", "Serving",
            ],
            path: "Fuzzing/Swift", swiftSettings: common),
    ]
}
