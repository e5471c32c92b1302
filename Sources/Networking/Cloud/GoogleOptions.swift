public import Platform

/// The options that all of Google's services share, checked.
public struct GoogleOptions: Sendable {
    /// What a component adds to its own options.
    public static func specs(emulator variable: String, endpoint: String) -> [Spec.Option] {
        [
            .text(
                "credentials", default: "",
                "Key file of a service account; `metadata` asks the metadata server, `none` sends no token. Unset is "
                    + "GOOGLE_APPLICATION_CREDENTIALS, else the metadata server; no token where the endpoint is http."),
            .text("endpoint", default: "", "Address of the service; unset is \(variable), else `\(endpoint)`."),
        ]
    }

    public let endpoint: HTTPURL
    /// Who asks.
    private enum Identity: Sendable {
        case none
        case keyFile(String)
        case metadata
    }
    private let identity: Identity

    /// - Parameters:
    ///   - variable: of the environment, names the host of an emulator.
    ///   - usual: the service's own address.
    public init(
        _ options: Options, emulator variable: String, endpoint usual: String,
        environment: [String: String] = CloudEnvironment.process
    ) throws(ConfigError) {
        let emulator = environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        let address =
            options.isSet("endpoint")
            ? options.text("endpoint")
            : emulator.map { $0.contains("://") ? $0 : "http://\($0)" } ?? usual
        do throws(NetworkError) { endpoint = try HTTPURL(address) } catch {
            throw options.error(
                "endpoint", error.message, suggestion: "write `https://host` or `http://localhost:8085`")
        }
        let file = environment["GOOGLE_APPLICATION_CREDENTIALS"].flatMap { $0.isEmpty ? nil : $0 }
        identity =
            switch options.text("credentials") {
            case "none": .none
            case "metadata": .metadata
            case "" where !endpoint.isSecure: .none
            case "": file.map { .keyFile($0) } ?? .metadata
            case let path: .keyFile(path)
            }
        if case .none = identity { return }
        guard endpoint.isSecure || endpoint.isLoopback else {
            throw options.error(
                "credentials", "would be sent to \(endpoint.origin) without TLS",
                suggestion: "write `credentials: none`")
        }
    }

    /// What asks the service, with what `tokens` gave.
    public func service(_ client: HTTPClient, tokens: GoogleTokenSource?) -> GoogleService {
        GoogleService(client, tokens, endpoint: endpoint)
    }

    /// What gives tokens; nil where none are sent.
    ///
    /// - Throws: `CloudError` where the key file is of no use.
    public func tokens(_ client: HTTPClient, scope: String) throws(CloudError) -> GoogleTokenSource? {
        switch identity {
        case .none: nil
        case .keyFile(let path): try GoogleTokenSource(client, keyFile: path, scope: scope)
        case .metadata: try GoogleTokenSource(client, keyFile: nil, scope: scope)
        }
    }
}
