import Networking
import TestKit
import Testing

@testable import Objects

/// A bucket on loopback with a store that asks it without much patience.
struct BucketFixture {
    let bucket: LoopbackBucket
    let store: S3ObjectStore

    init(
        prefix: String = "a b/lake", style: S3Place.Style = .auto, partBytes: Int = 5 << 20, attempts: Int = 5
    ) throws {
        bucket = try LoopbackBucket(hostNames: ["\(LoopbackBucket.name).localhost"])
        let endpoint = bucket.url.replacing("127.0.0.1", with: "localhost")
        let place = try S3Place(
            bucket: LoopbackBucket.name, prefix: prefix, region: "eu-central-1",
            endpoint: try HTTPURL(style == .virtual ? endpoint : bucket.url), style: style)
        store = try Self.store(place, partBytes: partBytes, attempts: attempts)
    }

    static let keys = AWSCredentials(accessKey: "AKID", secretKey: "top-secret", sessionToken: "session-token")

    static func store(_ place: S3Place, partBytes: Int = 5 << 20, attempts: Int = 5) throws -> S3ObjectStore {
        var retry = S3Retry()
        retry.attempts = attempts
        retry.firstNs = 1_000_000
        retry.longestNs = 5_000_000
        return S3ObjectStore(
            place, AWSCredentialSource(given: keys), client: try S3ObjectStore.makeClient(), retry: retry,
            partBytes: partBytes)
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func kind(_ body: () throws -> Void) -> ObjectError.Kind? {
    do {
        try body()
        return nil
    } catch {
        return (error as? ObjectError)?.kind
    }
}
