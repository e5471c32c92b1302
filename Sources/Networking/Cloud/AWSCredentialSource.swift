internal import Platform
internal import Synchronization

/// Finds the keys for Amazon's services where its tools do: in what is given, in the environment, in the shared files.
///
/// In this order: keys given; the profile named; `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`;
/// the profile `AWS_PROFILE`, else `default`, of `AWS_SHARED_CREDENTIALS_FILE` (`~/.aws/credentials`) and
/// `AWS_CONFIG_FILE` (`~/.aws/config`). Files are read again when they change, so that temporary keys can be renewed there.
///
/// - Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers".
/// - Threading: any thread.
public final class AWSCredentialSource: Sendable {
    private let given: AWSCredentials?
    private let profile: String?
    private let environment: [String: String]

    private struct Cache {
        var stamps: [String] = []
        var credentials: AWSCredentials?
        var lookedNs: Int64 = 0
    }
    private let cache = Mutex(Cache())
    /// Least time between two looks at the files, in nanoseconds.
    private static let lookNs: Int64 = 1_000_000_000

    /// - Parameters:
    ///   - given: keys that come first.
    ///   - profile: name of the profile to use; nil for the usual one.
    public init(
        given: AWSCredentials? = nil, profile: String? = nil,
        environment: [String: String] = CloudEnvironment.process
    ) {
        self.given = given
        self.profile = profile
        self.environment = environment
    }

    /// The keys as they are now.
    ///
    /// - Throws: `CloudError` (`denied`) saying where keys were looked for.
    public func credentials() throws(CloudError) -> AWSCredentials {
        if let given { return given }
        if profile == nil, let access = value("AWS_ACCESS_KEY_ID"), let secret = value("AWS_SECRET_ACCESS_KEY") {
            return AWSCredentials(
                accessKey: access, secretKey: secret, sessionToken: value("AWS_SESSION_TOKEN"))
        }
        return try cache.withLock { cache throws(CloudError) in
            let now = Stopwatch.monotonicNs()
            if let known = cache.credentials, now - cache.lookedNs < Self.lookNs { return known }
            cache.lookedNs = now
            let stamps = files.map(Self.stamp)
            if let known = cache.credentials, stamps == cache.stamps { return known }
            let found = try read()
            cache.credentials = found
            cache.stamps = stamps
            return found
        }
    }

    /// The region of the environment or of the profile; nil where neither says one.
    public var region: String? {
        if profile == nil, let region = value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") { return region }
        for file in files {
            if let region = AWSProfiles(file: file)[profileName]?["region"], !region.isEmpty { return region }
        }
        return nil
    }

    private func read() throws(CloudError) -> AWSCredentials {
        var other: String?
        for file in files {
            guard let settings = AWSProfiles(file: file)[profileName] else { continue }
            if let access = settings["aws_access_key_id"], let secret = settings["aws_secret_access_key"],
                !access.isEmpty, !secret.isEmpty
            {
                return AWSCredentials(
                    accessKey: access, secretKey: secret, sessionToken: settings["aws_session_token"])
            }
            other = other ?? Self.unsupported.first { settings[$0] != nil }
        }
        if let other {
            throw CloudError(
                .denied,
                "the profile `\(profileName)` has no keys but `\(other)`, which is not supported; "
                    + "`aws configure export-credentials` turns it into keys")
        }
        throw CloudError(
            .denied,
            "no keys: neither in the configuration, nor in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor as profile "
                + "`\(profileName)` in \(files.joined(separator: " or "))")
    }

    private static let unsupported = [
        "role_arn", "sso_session", "sso_start_url", "credential_process", "login_session",
    ]

    private var profileName: String { profile ?? value("AWS_PROFILE") ?? "default" }

    private var files: [String] {
        let home = value("HOME") ?? ""
        return [
            value("AWS_SHARED_CREDENTIALS_FILE") ?? "\(home)/.aws/credentials",
            value("AWS_CONFIG_FILE") ?? "\(home)/.aws/config",
        ]
    }

    /// What changes when a file does.
    private static func stamp(_ file: String) -> String {
        guard let status = try? Folder.status(file) else { return "" }
        return "\(status.bytes) \(status.changed.nanoseconds)"
    }

    private func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}
