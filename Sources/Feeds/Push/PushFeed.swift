internal import Networking
public import Platform

/// Rows and messages that clients send to the program's own HTTP interface.
///
/// - Source: none; docs/feeds/push.md says what is taken.
/// - Units: those of the tables' columns for rows; those of the venue for its messages.
/// - Gaps: what is answered with 2xx is durable and counts once; what is not is the client's to send again.
public struct PushFeed: Feed {
    public static let spec = Spec(
        "push", "Rows or messages that clients send by HTTP, or that Google Cloud Pub/Sub pushes.",
        options: PushFormat.specs("bodies", venue: "PUSH") + [
            .secret("token", default: "", "Bearer token that clients must send; without one any local client may."),
            .secret("next_token", default: "", "A second token that is good too, for the time of a change."),
            .bytes("max_body", default: "8MiB", "Largest body, decompressed; at most 15MiB."),
            .integer(
                "queue", default: "256", "Requests that may wait; beyond that clients are told to come back (429)."),
            .bytes("queue_bytes", default: "64MiB", "Bytes of bodies that may wait; the same."),
            .text(
                "pubsub_keys", default: "",
                "File with the keys that sign Pub/Sub's tokens, a JSON Web Key Set; read again when it changes."),
            .text("pubsub_audience", default: "", "Audience of those tokens, as the subscription states it."),
            .text("pubsub_email", default: "", "Service account of the subscription, which the tokens stand for."),
            .text("pubsub_issuer", default: "https://accounts.google.com", "Issuer of those tokens."),
        ],
        example: """
            push: { format: trades, token: "${PUSH_TOKEN}" }
            """)

    private let pushSettings: PushSettings

    public init(_ options: Options) throws(ConfigError) { pushSettings = try PushSettings(options) }

    public var settings: String { pushSettings.session.text }

    public func makeSource() throws -> any FeedSource { PushSource(pushSettings) }
}

/// How one feed takes what is pushed to it, checked.
struct PushSettings: Sendable {
    let format: PushFormat
    /// Settings of the decoder of bodies.
    let bodies: SessionSettings
    /// Settings of the feed's sessions.
    let session: SessionSettings
    let queueRequests: Int
    let queueBytes: Int
    /// Checks the tokens of Pub/Sub; nil where none are asked for.
    let verifier: TokenVerifier?
    private let token: BearerToken
    private let maxBody: Int
    private static let largestBody: Int64 = 15 << 20

    init(_ options: Options) throws(ConfigError) {
        let name = options.text("format")
        format = PushFormat(name)
        let venue = PushFormat.venue(options, usual: "PUSH")
        bodies = format.settings(venue: venue)
        var values = ["format": name, "continues": "true"]
        if let venue { values["venue"] = venue }
        session = SessionSettings(decoder: "push", values: values)
        guard (1...Self.largestBody).contains(options.bytes("max_body")) else {
            throw options.error("max_body", "is not between 1 byte and 15MiB", suggestion: "write `8MiB`")
        }
        maxBody = Int(options.bytes("max_body"))
        queueRequests = try options.count("queue", most: 65_536)
        queueBytes = Int(options.bytes("queue_bytes"))
        token = BearerToken([options.secret("token"), options.secret("next_token")])
        verifier = try Self.verifier(options)
    }

    private static func verifier(_ options: Options) throws(ConfigError) -> TokenVerifier? {
        let names = ["pubsub_audience", "pubsub_email"]
        guard options.isSet("pubsub_keys") else {
            for name in names where options.isSet(name) {
                throw options.error(name, "means nothing without keys", suggestion: "add `pubsub_keys: keys.json`")
            }
            return nil
        }
        for name in names where !options.isSet(name) {
            throw options.error(
                "pubsub_keys", "`\(name)` is missing: anybody can have a token signed by these keys",
                suggestion: "add `\(name): …`, as the subscription states it")
        }
        do throws(TokenError) {
            return try TokenVerifier(
                keysAt: options.text("pubsub_keys"),
                TokenRequirements(
                    issuer: options.text("pubsub_issuer"), audience: options.text("pubsub_audience"),
                    email: options.text("pubsub_email")))
        } catch {
            throw options.error("pubsub_keys", "\(error)")
        }
    }

    /// Bytes that a body may have: of an envelope more, since base 64 makes four of three.
    func bodyLimit(_ kind: PushKind) -> Int { kind == .pubsub ? maxBody * 4 / 3 + (64 << 10) : maxBody }

    /// The answer to a request that may not come in; nil where it may. Identity tokens are checked later.
    func refusal(of request: HTTPRequest, _ kind: PushKind) -> HTTPResponse? {
        if kind == .pubsub, verifier != nil { return nil }
        if token.isEmpty {
            guard verifier != nil else { return nil }
            return .error(
                403, code: "forbidden", "this feed takes what Pub/Sub pushes; give it a `token` for other clients")
        }
        guard !token.isCarried(by: request.headers) else { return nil }
        return .error(
            401, code: "unauthorized", "the feed's token is needed, `Authorization: Bearer …`, and this is not it",
            headers: ["WWW-Authenticate": "Bearer"])
    }
}
