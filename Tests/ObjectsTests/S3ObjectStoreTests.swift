import Networking
import Synchronization
import TestKit
import Testing

@testable import Objects

@Suite struct S3ObjectStoreTests {
    /// Decides about the first requests that `isMeant` says, each once.
    private func fates(
        _ list: [LoopbackBucket.Fate], _ isMeant: @escaping @Sendable (HTTPRequest) -> Bool = { $0.method == .put }
    ) -> @Sendable (HTTPRequest) -> LoopbackBucket.Fate? {
        let left = Mutex(list)
        return { request in
            isMeant(request) ? left.withLock { $0.isEmpty ? nil : $0.removeFirst() } : nil
        }
    }

    private let slowDown = LoopbackBucket.error(503, "SlowDown", headers: ["Retry-After": "0"])
    private let failed = LoopbackBucket.error(500, "InternalError")

    @Test func `what passes by itself is asked again, and the rest is not`() throws {
        let fixture = try BucketFixture()
        fixture.bucket.decide(fates([.refused(slowDown), .refused(failed), .refused(LoopbackBucket.error(429, ""))]))
        try fixture.store.put("k", bytes("v"), type: "text/plain")
        #expect(fixture.bucket.asked.count == 4 && fixture.bucket.objects == ["a b/lake/k": bytes("v")])
        fixture.bucket.decide { [slowDown] _ in .refused(slowDown) }
        let error = #expect(throws: ObjectError.self) { try fixture.store.put("k", [], type: "text/plain") }
        #expect(
            error?.kind == .unavailable && error?.description == "PUT s3://market/a b/lake/k: 503 SlowDown: as told")
        #expect(fixture.bucket.asked.count == 9)
    }

    @Test(arguments: [
        (403, "InvalidAccessKeyId", ObjectError.Kind.denied), (403, "SignatureDoesNotMatch", .denied),
        (403, "", .denied),
        (400, "ExpiredToken", .denied), (400, "AuthorizationHeaderMalformed", .denied), (404, "NoSuchBucket", .missing),
        (400, "EntityTooLarge", .refused), (301, "PermanentRedirect", .refused), (501, "NotImplemented", .refused),
    ])
    func `what a person has to put right is told at once`(
        _ status: Int, _ code: String, _ expected: ObjectError.Kind
    ) throws {
        let fixture = try BucketFixture()
        let answer = LoopbackBucket.error(status, code, headers: ["x-amz-bucket-region": "eu-west-1"])
        fixture.bucket.decide { _ in .refused(answer) }
        for _ in 0..<2 {
            let error = #expect(throws: ObjectError.self) { try fixture.store.put("k", [], type: "text/plain") }
            #expect(error?.kind == expected && error?.message.contains(code) == true)
            #expect(error?.message.contains("the bucket is in `eu-west-1`") == (status < 500))
        }
        #expect(fixture.bucket.asked.count == 2)
        if code == "NoSuchBucket" {
            #expect(kind { _ = try fixture.store.get("k") } == .missing)
            #expect(kind { try fixture.store.delete("k") } == .missing)
            #expect(kind { _ = try fixture.store.list(prefix: "", after: "", limit: 1) } == .missing)
        }
    }

    @Test func `no error repeats a secret`() throws {
        let fixture = try BucketFixture()
        let text = "<Error><Code>AccessDenied</Code><Message>top-secret of session-token\nmay not</Message></Error>"
        fixture.bucket.decide { _ in .refused(HTTPResponse(status: 403, body: bytes(text))) }
        let error = #expect(throws: ObjectError.self) { try fixture.store.put("k", [], type: "text/plain") }
        #expect(error?.message == "403 AccessDenied: *** of *** may not")
    }

    @Test func `an object that an attempt without an answer put is known as ours, another's is not`() throws {
        let fixture = try BucketFixture()
        fixture.bucket.decide(fates([.lost(failed)]))
        #expect(try fixture.store.putIfAbsent("k", bytes("mine"), type: "text/plain"))
        fixture.bucket.decide(fates([.refused(failed)]))
        #expect(try !fixture.store.putIfAbsent("k", bytes("own!"), type: "text/plain"))
        fixture.bucket.decide(fates([.refused(failed)]))
        #expect(try !fixture.store.putIfAbsent("k", bytes("longer"), type: "text/plain"))
        // Without a lost answer even the same bytes are another's.
        #expect(try !fixture.store.putIfAbsent("k", bytes("mine"), type: "text/plain"))
        #expect(fixture.bucket.objects["a b/lake/k"] == bytes("mine"))
        // Two conditional writers at once: whoever is told so asks again.
        fixture.bucket.decide(fates([.refused(LoopbackBucket.error(409, "ConditionalRequestConflict"))]))
        #expect(try fixture.store.putIfAbsent("l", bytes("mine"), type: "text/plain"))
    }

    @Test func `a bucket stands in the path or in the host's name, and all of a key is encoded`() throws {
        for style in [S3Place.Style.path, .virtual] {
            let fixture = try BucketFixture(style: style)
            try fixture.store.put("é/a+b %.f", bytes("x"), type: "text/plain")
            let asked = try #require(fixture.bucket.asked.first)
            #expect(asked.headers["Host"]?.hasPrefix(style == .path ? "127.0.0.1:" : "market.localhost:") == true)
            #expect(asked.path == (style == .path ? "/market" : "") + "/a b/lake/é/a+b %.f")
            #expect(asked.headers["Content-Type"] == "text/plain")
        }
        func text(_ bucket: String, _ endpoint: String?, _ style: S3Place.Style = .auto) throws -> String {
            let place = try S3Place(
                bucket: bucket, prefix: "/p//", region: "eu-central-1", endpoint: try endpoint.map { try HTTPURL($0) },
                style: style)
            return "\(try place.url("a b", [("x-y", "1/2")]))"
        }
        #expect(try text("data", nil) == "https://data.s3.eu-central-1.amazonaws.com/p/a%20b?x-y=***")
        #expect(try text("da.ta", nil) == "https://s3.eu-central-1.amazonaws.com/da.ta/p/a%20b?x-y=***")
        #expect(try text("data", "http://minio:9000") == "http://minio:9000/data/p/a%20b?x-y=***")
        #expect(try text("data", "http://minio:9000/s3/", .path) == "http://minio:9000/s3/data/p/a%20b?x-y=***")
        #expect(try text("data", "http://minio:9000", .virtual) == "http://data.minio:9000/p/a%20b?x-y=***")
        for name in ["", "ab", "a/b", "a..b", ".abc", "a b", "ü.."] {
            #expect(throws: NetworkError.self) { try text(name, nil) }
        }
    }

    @Test func `large objects are sent in parts, small ones are not`() throws {
        let fixture = try BucketFixture(partBytes: 1000)
        var upload = try fixture.store.upload("small", type: "text/plain")
        try upload.append([UInt8](repeating: 1, count: 1000))
        try upload.finish()
        #expect(fixture.bucket.asked.count == 1)
        let content = (0..<4500).map { UInt8(truncatingIfNeeded: $0 * 7) }
        upload = try fixture.store.upload("large", type: "text/plain")
        for start in stride(from: 0, to: 4500, by: 1500) { try upload.append(Array(content[start..<start + 1500])) }
        #expect(fixture.bucket.openUploads == 1 && fixture.bucket.objects["a b/lake/large"] == nil)
        try upload.finish()
        #expect(fixture.bucket.openUploads == 0 && fixture.bucket.objects["a b/lake/large"] == content)
        #expect(fixture.bucket.asked.filter { $0.query["partNumber"] != nil }.count == 5)
        upload = try fixture.store.upload("none", type: "text/plain")
        try upload.append(content)
        upload.abort()
        #expect(fixture.bucket.openUploads == 0 && fixture.bucket.objects["a b/lake/none"] == nil)
    }

    @Test func `an upload whose last answer was lost is finished, and one that failed after all is not`() throws {
        let fixture = try BucketFixture(partBytes: 1000)
        let isEnd: @Sendable (HTTPRequest) -> Bool = { $0.method == .post && $0.query["uploadId"] != nil }
        func finish(_ key: String) throws {
            let upload = try fixture.store.upload(key, type: "text/plain")
            try upload.append([UInt8](repeating: 1, count: 2500))
            try upload.finish()
        }
        let done = HTTPResponse(status: 200, body: bytes("<Error><Code>InternalError</Code></Error>"))
        fixture.bucket.decide(fates([.refused(done)], isEnd))
        #expect(kind { try finish("a") } == .unavailable)
        fixture.bucket.decide(fates([.refused(LoopbackBucket.error(404, "NoSuchUpload"))], isEnd))
        #expect(kind { try finish("b") } == .missing)
        // The parts' tag in a bucket on loopback does not say how many there were: so it is not taken for ours.
        fixture.bucket.decide(fates([.lost(failed)], isEnd))
        #expect(kind { try finish("c") } == .missing)
        let lost = fates([.lost(failed)], isEnd)
        fixture.bucket.decide { request in
            if let fate = lost(request) { return fate }
            guard request.method == .head else { return nil }
            return .refused(
                HTTPResponse(status: 200, headers: ["ETag": "\"0-3\""], body: [UInt8](repeating: 1, count: 2500)))
        }
        #expect(kind { try finish("d") } == nil)
    }

    @Test(arguments: [
        "<Error/>", "no XML", "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>other/x</Key><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a b/lake/a</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%zz</Key><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a b/lake/c</Key><Size>1</Size></Contents></ListBucketResult>",
    ])
    func `a list that is not what was asked for is refused, so that asking for pages ends`(_ body: String) throws {
        let fixture = try BucketFixture()
        fixture.bucket.decide { _ in .refused(HTTPResponse(status: 200, body: bytes(body))) }
        #expect(kind { _ = try fixture.store.list(prefix: "", after: "c", limit: 10) } == .malformed)
    }

    @Test func `what other tools call folders is left out of lists`() throws {
        let fixture = try BucketFixture()
        let items = ["", "x/", "x/a"].map { "<Contents><Key>a b/lake/\($0)</Key><Size>0</Size></Contents>" }.joined()
        fixture.bucket.decide { _ in
            .refused(HTTPResponse(status: 200, body: bytes("<ListBucketResult>\(items)</ListBucketResult>")))
        }
        #expect(try fixture.store.list(prefix: "", after: "", limit: 10).objects.map(\.key) == ["x/a"])
    }

    @Test func `a service that leaves ranges aside does not give other bytes`() throws {
        let fixture = try BucketFixture()
        fixture.bucket.decide { _ in .refused(HTTPResponse(status: 200, body: bytes("0123456789"))) }
        for (range, part) in [(5..<100, "56789"), (2..<4, "23"), (0..<10, "0123456789"), (20..<30, "")]
            as [(Range<Int64>, String)]
        {
            #expect(try fixture.store.get("k", range: range) == bytes(part))
        }
    }

    @Test func `nobody there is told as such, after some attempts`() throws {
        let place = try S3Place(bucket: "market", region: "eu-central-1", endpoint: HTTPURL("http://127.0.0.1:9"))
        let store = try BucketFixture.store(place)
        let error = #expect(throws: ObjectError.self) { try store.put("k", [], type: "text/plain") }
        #expect(error?.kind == .unavailable && error?.description.contains("127.0.0.1") == true)
    }

    @Test func `waits grow, are drawn, and heed what the service asks for`() {
        let retry = S3Retry()
        #expect(
            (1...8).map { retry.waitNs(after: $0, askedNs: nil) { $0.upperBound } / 1_000_000 }
                == [100, 200, 400, 800, 1600, 3200, 5000, 5000])
        #expect(retry.waitNs(after: 1, askedNs: 2_000_000_000) { $0.lowerBound } == 2_000_000_000)
        #expect(retry.waitNs(after: 1, askedNs: .max) { $0.lowerBound } == 5_000_000_000)
        #expect(retry.waitNs(after: 60, askedNs: nil) { $0.lowerBound } == 0)
    }
}
