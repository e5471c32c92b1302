public import Platform

/// The options that all of Amazon's services share, checked.
public struct AWSOptions: Sendable {
    /// What a component adds to its own options.
    public static let specs: [Spec.Option] = [
        .text("region", default: "", "Region, for example `eu-central-1`; unset is AWS_REGION or that of the profile."),
        .text(
            "profile", default: "",
            "Profile of the shared files; unset is AWS_ACCESS_KEY_ID and its like, else the profile AWS_PROFILE."),
        .secret("access_key", default: "", "Access key, where it is not to come from the environment or a profile."),
        .secret("secret_key", default: "", "Secret key that belongs to `access_key`."),
        .secret("session_token", default: "", "Token that belongs to temporary keys."),
        .text(
            "endpoint", default: "",
            "Address of the service, for others that speak its language; unset is AWS_ENDPOINT_URL, else the region's."),
    ]

    public let region: String
    public let credentials: AWSCredentialSource
    /// Where the service is; nil for its own address.
    public let endpoint: HTTPURL?

    /// - Parameters:
    ///   - region: what the component knows of it already, from an ARN say.
    ///   - elsewhere: the region where an endpoint is given and nothing says one.
    ///   - service: name of the service in `AWS_ENDPOINT_URL_NAME`.
    public init(
        _ options: Options, region known: String? = nil, elsewhere: String? = nil, service: String,
        environment: [String: String] = CloudEnvironment.process
    ) throws(ConfigError) {
        let keys = ["access_key", "secret_key"]
        for name in keys + ["session_token"] where options.isSet(name) {
            for other in keys where !options.isSet(other) {
                throw options.error(name, "means nothing without `\(other)`", suggestion: "add `\(other): …`")
            }
            guard !options.isSet("profile") else {
                throw options.error("profile", "means nothing beside `access_key`", suggestion: "leave one of them out")
            }
        }
        let given =
            options.isSet("access_key")
            ? AWSCredentials(
                accessKey: options.secret("access_key"), secretKey: options.secret("secret_key"),
                sessionToken: options.isSet("session_token") ? options.secret("session_token") : nil) : nil
        credentials = AWSCredentialSource(
            given: given, profile: options.isSet("profile") ? options.text("profile") : nil, environment: environment)
        let variables = ["AWS_ENDPOINT_URL_\(service.uppercased())", "AWS_ENDPOINT_URL"]
        let address =
            options.isSet("endpoint")
            ? options.text("endpoint") : variables.compactMap { environment[$0] }.first { !$0.isEmpty }
        do throws(NetworkError) {
            endpoint = if let address { try HTTPURL(address) } else { nil }
        } catch {
            throw options.error("endpoint", error.message, suggestion: "write `https://host`")
        }
        let region =
            options.isSet("region")
            ? options.text("region") : known ?? credentials.region ?? (endpoint == nil ? nil : elsewhere)
        guard let region else {
            throw options.error(
                "region", "is missing, and neither AWS_REGION nor the profile says one",
                suggestion: "add `region: eu-central-1`")
        }
        guard !region.isEmpty, region.utf8.allSatisfy(Self.isPlain) else {
            throw options.error("region", "is no name of a region", suggestion: "write `eu-central-1`")
        }
        self.region = region
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte)
    }
}
