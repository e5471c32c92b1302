public import Networking
public import Platform

/// The options that say where objects are, checked.
public enum ObjectOptions {
    /// What a component adds to its own options.
    public static let specs: [Spec.Option] =
        [
            .text("url", "Where objects go: `s3://BUCKET/FOLDER`, `file:///FOLDER` or the path of a folder."),
            .text(
                "style", default: "auto", choices: S3Place.Style.allCases.map(\.rawValue),
                "Whether the bucket stands in the path or in the host's name; `auto` is the path wherever `endpoint` is given."
            ),
            .text(
                "authorities", default: "",
                "PEM file of the only authorities to trust with https; the system's unless given."),
        ] + AWSOptions.specs

    /// What a component adds that has a name of its own for the place.
    public static let bucketSpecs = specs.filter { $0.name != "url" }

    /// Options that mean something to buckets only.
    private static let bucketOptions = bucketSpecs.map(\.name)

    /// The store that the options say.
    ///
    /// - Parameter meter: counts what is asked of it.
    public static func store(
        _ options: Options, meter: UsageMeter? = nil, environment: [String: String] = CloudEnvironment.process
    ) throws(ConfigError) -> any ObjectStore {
        if let bucket = try bucket(options, meter: meter, environment: environment) { return bucket }
        return LocalObjectStore(try folder(options.text("url"), options), meter: meter)
    }

    /// The bucket that the options say; nil where they say a folder.
    ///
    /// - Parameter name: of the option that says where.
    public static func bucket(
        _ options: Options, at name: String = "url", meter: UsageMeter? = nil,
        environment: [String: String] = CloudEnvironment.process
    ) throws(ConfigError) -> S3ObjectStore? {
        let url = options.text(name)
        guard url.hasPrefix("s3://") else {
            if let other = bucketOptions.first(where: options.isGiven) {
                throw options.error(
                    other, "means nothing without a bucket", suggestion: "write `\(name): s3://BUCKET/FOLDER`")
            }
            return nil
        }
        let parts = url.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let amazon = try AWSOptions(
            options, elsewhere: S3Place.usualRegion(endpoint: options.text("endpoint")), service: "s3",
            environment: environment)
        let place: S3Place
        do throws(NetworkError) {
            place = try S3Place(
                bucket: String(parts.first ?? ""), prefix: parts.count > 1 ? String(parts[1]) : "",
                region: amazon.region, endpoint: amazon.endpoint,
                style: S3Place.Style(rawValue: options.text("style")) ?? .auto)
        } catch {
            throw options.error(name, error.message, suggestion: "write `s3://BUCKET/FOLDER`")
        }
        let authorities = options.text("authorities")
        do throws(NetworkError) {
            let client = try S3ObjectStore.makeClient(
                authorityFile: authorities.isEmpty ? nil : authorities, meter: meter)
            return S3ObjectStore(place, amazon.credentials, client: client)
        } catch {
            throw options.error("authorities", "\(error)", suggestion: "name a PEM file that can be read")
        }
    }

    private static func folder(_ url: String, _ options: Options) throws(ConfigError) -> String {
        var path = url[...]
        if url.hasPrefix("file://") {
            path = url.dropFirst(7)
            guard path.hasPrefix("/") else {
                throw options.error("url", "has a host, and files are here", suggestion: "write `file:///FOLDER`")
            }
            guard let decoded = PercentEncoding.decode(path) else {
                throw options.error("url", "is not percent-encoded as URLs are", suggestion: "write the path alone")
            }
            path = decoded[...]
        } else if url.contains("://") {
            throw options.error(
                "url", "is of a kind that is not known", suggestion: "write `s3://BUCKET/FOLDER` or `file:///FOLDER`")
        }
        guard !path.isEmpty else { throw options.error("url", "is empty", suggestion: "write `s3://BUCKET/FOLDER`") }
        return String(path)
    }
}
