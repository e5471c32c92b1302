internal import Kafka
internal import Platform

/// How one feed reads Kafka, checked.
struct KafkaFeedSettings: Sendable {
    let topics: [String]
    let group: String
    /// Where to begin with what nobody knows: `PartitionOffset.beginning` or `.end`.
    let start: Int64
    let staleNs: Int64
    let session: ConsumerSession
    /// What librdkafka is made with.
    let client: KafkaSettings
    /// Brokers, as in configuration.
    let brokers: String

    /// Settings that are this feed's own: delivery rests on them, or an option sets them.
    private static let reserved = [
        "bootstrap.servers": "brokers", "metadata.broker.list": "brokers", "group.id": "group",
        "sasl.username": "username", "sasl.password": "password", "auto.offset.reset": "start",
        "queued.max.messages.kbytes": "memory", "ssl.ca.location": "authorities", "enable.auto.commit": "",
        "auto.commit.enable": "", "enable.auto.offset.store": "", "enable.partition.eof": "",
    ]

    init(_ options: Options) throws(ConfigError) {
        topics = try Self.names(options, "topics", "trades", isName: Self.isTopic)
        brokers = try Self.names(options, "brokers", "127.0.0.1:9092", isName: Self.isBroker).joined(separator: ",")
        group = options.text("group")
        guard !group.isEmpty else { throw options.error("group", "is empty", suggestion: "write `tapedeck`") }
        start = options.text("start") == "latest" ? PartitionOffset.end : PartitionOffset.beginning
        staleNs = options.durationNs("stale")
        guard staleNs >= 0 else { throw options.error("stale", "is negative", suggestion: "write `0s` for never") }
        session = ConsumerSession(options, venue: "KAFKA")
        client = try Self.client(options, brokers: brokers)
    }

    private static func names(
        _ options: Options, _ option: String, _ example: String, isName: (String) -> Bool
    ) throws(ConfigError) -> [String] {
        let names = options.list(option)
        guard !names.isEmpty else { throw options.error(option, "is empty", suggestion: "write `[\(example)]`") }
        for (index, name) in names.enumerated() {
            guard isName(name) else { throw options.error(option, element: index, "`\(name)` cannot be one") }
            guard !names[..<index].contains(name) else {
                throw options.error(option, element: index, "names `\(name)` twice")
            }
        }
        return names
    }

    /// Letters, digits, `.`, `_` and `-`, 249 at most, as Kafka has it.
    private static func isTopic(_ name: String) -> Bool {
        let isPlain: (UInt8) -> Bool = { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return (1...249).contains(name.utf8.count) && name.utf8.allSatisfy(isPlain)
    }

    private static func isBroker(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ",") }
    }

    private static func client(_ options: Options, brokers: String) throws(ConfigError) -> KafkaSettings {
        var client = KafkaSettings()
        func set(_ option: String, _ name: String, _ text: String) throws(ConfigError) {
            do { try client.set(name, text) } catch { throw options.error(option, error.message) }
        }
        try set("brokers", "bootstrap.servers", brokers)
        try set("group", "group.id", options.text("group"))
        try set("memory", "queued.max.messages.kbytes", "\(max(1, options.bytes("memory") >> 10))")
        let mechanism = options.text("mechanism")
        let plain = options.boolean("tls") ? "SSL" : "PLAINTEXT"
        try set("tls", "security.protocol", mechanism.isEmpty ? plain : "SASL_\(plain)")
        if options.isSet("authorities") {
            guard options.boolean("tls") else {
                throw options.error("authorities", "means nothing without TLS", suggestion: "add `tls: true`")
            }
            try set("authorities", "ssl.ca.location", options.text("authorities"))
        }
        try signIn(options, mechanism, set)
        for (name, text) in defaults { try set("settings", name, text) }
        for (index, setting) in options.list("settings").enumerated() {
            try add(setting, index, options, to: &client)
        }
        for (name, text) in owned { try set("settings", name, text) }
        return client
    }

    private static func signIn(
        _ options: Options, _ mechanism: String, _ set: (String, String, String) throws(ConfigError) -> Void
    ) throws(ConfigError) {
        guard !mechanism.isEmpty else {
            guard !options.isSet("username"), options.secret("password").isEmpty else {
                throw options.error(
                    "mechanism", "is missing, so that nobody signs in", suggestion: "write `mechanism: PLAIN`")
            }
            return
        }
        guard options.isSet("username"), !options.secret("password").isEmpty else {
            throw options.error("mechanism", "needs `username` and `password`")
        }
        try set("mechanism", "sasl.mechanism", mechanism)
        try set("username", "sasl.username", options.text("username"))
        try set("password", "sasl.password", options.secret("password"))
    }

    private static func add(
        _ setting: String, _ index: Int, _ options: Options, to client: inout KafkaSettings
    ) throws(ConfigError) {
        guard let mark = setting.firstIndex(of: "=") else {
            throw options.error(
                "settings", element: index, "is not `name=value`", suggestion: "write `fetch.wait.max.ms=100`")
        }
        let name = String(setting[..<mark])
        if let option = reserved[name] {
            throw options.error(
                "settings", element: index, "`\(name)` is not for settings",
                suggestion: option.isEmpty ? "the feed sets it: delivery rests on it" : "use the option `\(option)`")
        }
        do {
            try client.set(name, String(setting[setting.index(after: mark)...]))
        } catch {
            throw options.error("settings", element: index, error.message)
        }
    }

    /// What `settings` may change.
    private static let defaults = [
        ("client.id", "tapedeck"),
        // Partitions that stay with a member are read on while others move.
        ("partition.assignment.strategy", "cooperative-sticky"),
        // A killed member's partitions move, or come back, after this.
        ("session.timeout.ms", "10000"), ("isolation.level", "read_committed"),
        // A topic that is made later is found within this.
        ("topic.metadata.refresh.interval.ms", "30000"), ("log_level", "4"),
    ]
    private static let owned = [
        ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"), ("auto.offset.reset", "error"),
        ("enable.partition.eof", "true"),
    ]
}
