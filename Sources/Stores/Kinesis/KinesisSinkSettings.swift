internal import Networking
internal import Platform

/// How rows go to Kinesis, checked.
struct KinesisSinkSettings: Sendable {
    let stream: KinesisStream
    private let aws: AWSOptions
    private static let timeoutNs: Int64 = 20_000_000_000

    init(
        _ options: Options, environment: [String: String] = CloudEnvironment.process
    ) throws(ConfigError) {
        stream = try KinesisStream(options)
        aws = try AWSOptions(options, region: stream.region, service: "kinesis", environment: environment)
    }

    /// Stands for where rows go.
    var place: String { stream.arn ?? "\(aws.endpoint?.origin ?? "kinesis")/\(aws.region)/\(stream.name)" }

    /// What asks the service.
    func service(_ meter: UsageMeter) throws(CloudError) -> AWSService {
        var options = HTTPClient.Options()
        options.meter = meter
        options.timeoutNs = Self.timeoutNs
        do throws(NetworkError) {
            return try AWSService(
                HTTPClient(options), aws.credentials, endpoint: aws.endpoint, region: aws.region, service: "kinesis",
                prefix: KinesisStream.actions)
        } catch {
            throw CloudError(.denied, error.message, operation: error.operation)
        }
    }
}
