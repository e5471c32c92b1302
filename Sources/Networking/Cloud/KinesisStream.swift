public import Platform

/// A stream of Amazon Kinesis by its name, or by its ARN where it belongs to another account.
public struct KinesisStream: Sendable, Equatable {
    public let name: String
    public let arn: String?
    /// Region that the ARN says.
    public let region: String?

    /// What a component adds to its own options.
    public static let spec = Spec.Option.text("stream", "Name of the stream, or its ARN.")
    /// What stands before the name of an action.
    public static let actions = "Kinesis_20131202"

    /// The stream that the option names: a name, or `arn:aws:kinesis:REGION:ACCOUNT:stream/NAME`.
    public init(_ options: Options) throws(ConfigError) {
        let text = options.text("stream")
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let isARN = parts.count == 6 && parts[0] == "arn" && parts[2] == "kinesis" && parts[5].hasPrefix("stream/")
        let name = isARN ? String(parts[5].dropFirst(7)) : text
        guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy(Self.isPlain) else {
            throw options.error(
                "stream", "`\(text)` is no name of a stream",
                suggestion: "write `trades` or `arn:aws:kinesis:eu-central-1:123456789012:stream/trades`")
        }
        self.init(name: name, arn: isARN ? text : nil, region: isARN ? parts[3] : nil)
    }

    public init(name: String, arn: String? = nil, region: String? = nil) {
        self.name = name
        self.arn = arn
        self.region = region
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            || "-._".utf8.contains(byte)
    }

    /// The member of requests that names it.
    public var member: String {
        arn.map { "\"StreamARN\":\(JSONText.quoted($0))" } ?? "\"StreamName\":\(JSONText.quoted(name))"
    }
}
