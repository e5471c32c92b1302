import Databases
import Foundation
import Lake
import Market
import Networking
import Objects
import TestKit

/// A lake in a bucket on loopback.
struct BucketLake {
    let bucket: LoopbackBucket
    let place: BucketPlace
    private let folder = TemporaryFolder()

    init() throws {
        bucket = try LoopbackBucket()
        let url = try HTTPURL(bucket.url)
        var retry = S3Retry()
        retry.attempts = 3
        retry.firstNs = 1_000_000
        retry.longestNs = 5_000_000
        let store = S3ObjectStore(
            try S3Place(bucket: LoopbackBucket.name, prefix: "lakes/one", region: "us-east-1", endpoint: url),
            AWSCredentialSource(given: AWSCredentials(accessKey: "AK", secretKey: "not to be shown")),
            client: try S3ObjectStore.makeClient(), retry: retry, partBytes: 5 << 20)
        let access = BucketAccess(
            scope: "s3://\(LoopbackBucket.name)/lakes/one", region: "us-east-1",
            host: bucket.url.replacing("http://", with: ""), isSecure: false, isInPath: true, authorityFile: nil
        ) { () throws(DatabaseError) in
            BucketAccess.Keys(accessKey: "AK", secretKey: "not to be shown", sessionToken: nil)
        }
        place = try BucketPlace(store, access: access, scratch: folder.path + "/drafts")
    }

    func options(_ tables: [TableSchema] = BucketLakeTests.tables) -> HotStore.Options {
        HotStore.Options(
            lake: place, scratch: folder.path + "/scratch", pipeline: "test", tables: tables, memoryBytes: 1 << 29,
            threads: 2)
    }

    /// Keys of data files, without the lake's folder.
    var dataFiles: [String] {
        bucket.objects.keys.filter { $0.hasSuffix(".zstd.parquet") }.map { String($0.dropFirst("lakes/one/".count)) }
            .sorted()
    }

    func committedFiles() throws -> [String] {
        let lake = LakeFolder(place)
        return try lake.tables().flatMap { name in try lake.open(name).files.map { "\(name)/\($0.relativePath)" } }
            .sorted()
    }

    var drafts: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/drafts")) ?? [] }
}
