public import Platform

/// What every component that speaks to Kafka asks for: brokers, encryption, signing in, and settings of librdkafka.
public enum KafkaConnection {
    public static let brokers = Spec.Option.list("brokers", "Some brokers to begin with, as `HOST:PORT`.")
    public static let security: [Spec.Option] = [
        .boolean("tls", default: "false", "Encrypts connections, and checks the brokers' certificates."),
        .text("authorities", default: "", "PEM file of the only certificate authorities to trust."),
        .text(
            "mechanism", default: "", choices: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
            "How to sign in (SASL); without one nobody signs in."),
        .text("username", default: "", "Name to sign in with."),
        .secret("password", default: "", "Password to sign in with."),
    ]
    public static let settings = Spec.Option.list(
        "settings", default: "", "Further settings of librdkafka, each as `name=value`.")

    /// Settings that an option says, by their names.
    static let reserved = [
        "bootstrap.servers": "brokers", "metadata.broker.list": "brokers", "sasl.username": "username",
        "sasl.password": "password", "ssl.ca.location": "authorities",
    ]

    /// The names in a list, none of them twice or impossible.
    public static func names(
        _ options: Options, _ option: String, example: String, isName: (String) -> Bool
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
    public static func isTopic(_ name: String) -> Bool {
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

    /// The brokers to begin with, with commas.
    public static func brokers(_ options: Options) throws(ConfigError) -> String {
        try names(options, "brokers", example: "127.0.0.1:9092") { name in
            !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ",") }
        }.joined(separator: ",")
    }
}

/// The settings of a component, put together from its options.
public struct KafkaSettingsBuilder {
    private let options: Options
    /// What there is so far.
    public private(set) var settings = KafkaSettings()

    /// Begins with brokers, encryption and signing in.
    public init(_ options: Options) throws(ConfigError) {
        self.options = options
        try set("brokers", "bootstrap.servers", try KafkaConnection.brokers(options))
        let mechanism = options.text("mechanism")
        let plain = options.boolean("tls") ? "SSL" : "PLAINTEXT"
        try set("tls", "security.protocol", mechanism.isEmpty ? plain : "SASL_\(plain)")
        if options.isSet("authorities") {
            guard options.boolean("tls") else {
                throw options.error("authorities", "means nothing without TLS", suggestion: "add `tls: true`")
            }
            try set("authorities", "ssl.ca.location", options.text("authorities"))
        }
        try signIn(mechanism)
    }

    private mutating func signIn(_ mechanism: String) throws(ConfigError) {
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

    /// Sets what an option says.
    public mutating func set(_ option: String, _ name: String, _ text: String) throws(ConfigError) {
        do { try settings.set(name, text) } catch { throw options.error(option, error.message) }
    }

    /// Adds what the user gives as `settings`.
    ///
    /// - Parameters:
    ///   - reserved: settings that are not the user's, with the option that says them; empty where none does.
    ///   - defaults: settings that the user may change.
    ///   - owned: settings that nobody changes.
    public mutating func addSettings(
        reserved: [String: String], defaults: [(name: String, text: String)], owned: [(name: String, text: String)]
    ) throws(ConfigError) {
        var reserved = reserved.merging(KafkaConnection.reserved) { first, _ in first }
        for (name, _) in owned { reserved[name] = reserved[name] ?? "" }
        for (name, text) in defaults { try set("settings", name, text) }
        for (index, setting) in options.list("settings").enumerated() { try add(setting, index, reserved) }
        for (name, text) in owned { try set("settings", name, text) }
    }

    private mutating func add(_ setting: String, _ index: Int, _ reserved: [String: String]) throws(ConfigError) {
        guard let mark = setting.firstIndex(of: "=") else {
            throw options.error(
                "settings", element: index, "is not `name=value`", suggestion: "write `client.id=tapedeck`")
        }
        let name = String(setting[..<mark])
        if let option = reserved[name] {
            throw options.error(
                "settings", element: index, "`\(name)` is not for settings",
                suggestion: option.isEmpty ? "it is set already: delivery rests on it" : "use the option `\(option)`")
        }
        do {
            try settings.set(name, String(setting[setting.index(after: mark)...]))
        } catch {
            throw options.error("settings", element: index, error.message)
        }
    }
}
