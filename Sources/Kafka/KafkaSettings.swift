internal import CKafka

/// Settings of a client by librdkafka's names, each checked by librdkafka.
///
/// - Source: librdkafka's CONFIGURATION.md.
public struct KafkaSettings: Sendable, CustomStringConvertible, CustomReflectable {
    private var values: [(name: String, text: String)] = []

    public init() {}

    /// Sets a value; the last one of a name counts.
    ///
    /// - Throws: `KafkaError` where librdkafka knows no such setting or takes no such value.
    public mutating func set(_ name: String, _ text: String) throws(KafkaError) {
        let configuration = unsafe rd_kafka_conf_new()
        defer { unsafe rd_kafka_conf_destroy(configuration) }
        try unsafe Self.set(name, text, configuration)
        values.append((name, text))
    }

    /// The value of a setting, or librdkafka's default of it; nil where there is neither.
    public func value(_ name: String) -> String? {
        guard let configuration = try? unsafe makeConfiguration() else { return nil }
        defer { unsafe rd_kafka_conf_destroy(configuration) }
        var bytes = 512
        let (status, text) = unsafe ErrorText.collect { text, _ in
            unsafe rd_kafka_conf_get(configuration, name, text, &bytes)
        }
        return status == RD_KAFKA_CONF_OK ? text : nil
    }

    /// What librdkafka takes; the caller owns it.
    @unsafe func makeConfiguration() throws(KafkaError) -> OpaquePointer? {
        let configuration = unsafe rd_kafka_conf_new()
        do throws(KafkaError) {
            for (name, text) in values { try unsafe Self.set(name, text, configuration) }
        } catch {
            unsafe rd_kafka_conf_destroy(configuration)
            throw error
        }
        return unsafe configuration
    }

    private static func set(_ name: String, _ text: String, _ configuration: OpaquePointer?) throws(KafkaError) {
        let (status, reason) = unsafe ErrorText.collect { unsafe rd_kafka_conf_set(configuration, name, text, $0, $1) }
        guard status == RD_KAFKA_CONF_OK else { throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, reason) }
    }

    /// Names alone: values may be secret.
    public var description: String { values.map(\.name).joined(separator: ", ") }
    public var customMirror: Mirror { Mirror(self, children: ["names": description]) }
}

/// Text that librdkafka writes about an error.
enum ErrorText {
    static func collect<T>(_ call: (UnsafeMutablePointer<CChar>?, Int) -> T) -> (T, String) {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("a buffer of 512 bytes has an address") }
            unsafe start.pointee = 0
            let result = unsafe call(start, 512)
            return unsafe (result, String(cString: start))
        }
    }
}
