internal import Platform

/// How a database reads objects of a bucket that speaks S3.
public struct BucketAccess: Sendable {
    /// Keys for requests; secret.
    public struct Keys: Sendable, Equatable {
        let accessKey: String
        let secretKey: String
        /// Token of temporary keys.
        let sessionToken: String?

        public init(accessKey: String, secretKey: String, sessionToken: String?) {
            self.accessKey = accessKey
            self.secretKey = secretKey
            self.sessionToken = sessionToken
        }
    }

    /// What all objects begin with: `s3://BUCKET/FOLDER`, without a slash at its end.
    public let scope: String
    let region: String
    /// Host of the service, with its port where that is not the usual one; nil for Amazon's own.
    let host: String?
    let isSecure: Bool
    /// Whether requests name the bucket in the path, and not in the host.
    let isInPath: Bool
    /// PEM file of the only authorities to trust; nil trusts the system's.
    let authorityFile: String?
    /// The keys as they are now: temporary ones change.
    let keys: @Sendable () throws(DatabaseError) -> Keys

    public init(
        scope: String, region: String, host: String?, isSecure: Bool, isInPath: Bool, authorityFile: String?,
        keys: @escaping @Sendable () throws(DatabaseError) -> Keys
    ) {
        self.scope = scope
        self.region = region
        self.host = host
        self.isSecure = isSecure
        self.isInPath = isInPath
        self.authorityFile = authorityFile
        self.keys = keys
    }

    /// The statements that let a database reach any bucket at all.
    ///
    /// - Throws: `driverMissing` where the extension is not there.
    func preparation() throws(DatabaseError) -> [String] {
        guard let path = Dependencies.find("lib/httpfs.duckdb_extension") else {
            throw DatabaseError(
                .driverMissing, "DuckDB's extension for buckets is missing: run scripts/setup",
                operation: "read \(scope)")
        }
        var statements = ["LOAD \(SQLText.literal(path))", "SET GLOBAL enable_http_metadata_cache = true"]
        // It takes them from AWS_SECRET_ACCESS_KEY and its like, and settings are shown to whoever asks.
        for name in ["s3_access_key_id", "s3_secret_access_key", "s3_session_token"] {
            statements.append("SET GLOBAL \(name) = ''")
        }
        if let authorityFile { statements.append("SET GLOBAL ca_cert_file = \(SQLText.literal(authorityFile))") }
        return statements
    }

    fileprivate func secret(_ keys: Keys) -> String {
        var parts = [
            "TYPE s3", "KEY_ID \(SQLText.literal(keys.accessKey))", "SECRET \(SQLText.literal(keys.secretKey))",
            "REGION \(SQLText.literal(region))", "URL_STYLE '\(isInPath ? "path" : "vhost")'", "USE_SSL \(isSecure)",
            "SCOPE \(SQLText.literal(scope))",
        ]
        if let token = keys.sessionToken { parts.append("SESSION_TOKEN \(SQLText.literal(token))") }
        if let host { parts.append("ENDPOINT \(SQLText.literal(host))") }
        return "CREATE OR REPLACE SECRET \(SQLText.identifier(scope)) (\(parts.joined(separator: ", ")))"
    }
}

extension Connection {
    /// Gives the database the keys of a bucket as they are now, in place of those before.
    ///
    /// - Throws: an error without the keys.
    public func grant(_ access: BucketAccess) throws(DatabaseError) {
        let keys = try access.keys()
        do {
            try execute(access.secret(keys))
        } catch {
            // The statement, which errors may quote, holds the keys.
            throw DatabaseError(
                error.code, "the database does not take the keys", operation: "read \(access.scope)")
        }
    }
}
