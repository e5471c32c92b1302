import Networking
import Platform
import Testing

@testable import Objects

@Suite struct ObjectOptionsTests {
    private static let spec = Spec("test", "A test.", options: ObjectOptions.specs, example: "")

    private func store(_ assignments: [String], environment: [String: String] = [:]) throws -> any ObjectStore {
        try ObjectOptions.store(try Options(Self.spec, assignments: assignments), environment: environment)
    }

    @Test(arguments: [
        (["url=/data/x/"], "/data/x"), (["url=data"], "data"), (["url=file:///a%20b"], "/a b"),
        (["url=s3://bucket/a/b/", "region=eu-west-1"], "s3://bucket/a/b at https://bucket.s3.eu-west-1.amazonaws.com"),
        (["url=s3://bucket", "endpoint=http://127.0.0.1:9000"], "s3://bucket at http://127.0.0.1:9000"),
        (
            ["url=s3://bucket", "endpoint=https://storage.googleapis.com"],
            "s3://bucket at https://storage.googleapis.com"
        ),
    ])
    func `an address says where objects are`(_ assignments: [String], _ place: String) throws {
        #expect("\(try store(assignments))" == place)
    }

    @Test func `switching from one service to another is an endpoint and keys`() throws {
        func place(_ assignments: [String], _ environment: [String: String] = [:]) throws -> S3Place {
            try #require(try store(["url=s3://bucket"] + assignments, environment: environment) as? S3ObjectStore).place
        }
        #expect(try place(["region=eu-west-1"]).region == "eu-west-1")
        #expect(try place(["endpoint=http://minio:9000"]).region == "us-east-1")
        #expect(try place(["endpoint=http://minio:9000"], ["AWS_REGION": "eu-west-2"]).region == "eu-west-2")
        #expect(try place([], ["AWS_ENDPOINT_URL_S3": "http://minio:9000"]).region == "us-east-1")
        let google = try place(["endpoint=https://storage.googleapis.com"])
        #expect(google.region == "auto" && google.dialect == .google)
        #expect(try place(["endpoint=http://minio:9000"]).dialect == .amazon)
    }

    @Test(arguments: [
        (["url=s3://bucket"], "region"), (["url=s3://b", "region=eu-west-1"], "url"),
        (["url=s3://", "region=r"], "url"),
        (["url=gs://bucket"], "url"), (["url=file://host/x"], "url"), (["url=file:///%zz"], "url"), (["url="], "url"),
        (["url=/data", "endpoint=http://h"], "endpoint"), (["url=/data", "style=path"], "style"),
        (["url=s3://bucket", "endpoint=ftp://h"], "endpoint"), (["url=s3://bucket/a//../b", "region=r"], "url"),
        (["url=s3://bucket", "region=r", "authorities=/none"], "authorities"),
    ])
    func `what cannot be is an error that names the option`(_ assignments: [String], _ option: String) throws {
        let error = #expect(throws: ConfigError.self) { try store(assignments) }
        #expect("\(String(describing: error))".contains(option))
    }

    @Test func `keys in an address are refused and not repeated`() throws {
        for url in ["s3://AKID:top-secret@bucket/x", "s3://top-secret:x/y"] {
            let error = #expect(throws: ConfigError.self) { try store(["url=\(url)", "region=eu-west-1"]) }
            #expect(!"\(String(describing: error))".contains("top-secret"))
        }
        let endpoint = "endpoint=http://AKID:top-secret@host"
        let error = #expect(throws: ConfigError.self) { try store(["url=s3://bucket", endpoint]) }
        #expect(!"\(String(describing: error))".contains("top-secret"))
    }
}
