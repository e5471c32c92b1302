import TestKit
import Testing

@testable import Objects

/// Both stores against a dictionary, from seeds.
@Suite struct ObjectStorePropertyTests {
    private static let parts = [
        "a", "b", "a.b", "a-b", "a b", "A", "é", "日本", "a+b", "100%", "x=1&y=2", "q?#", "~", "!*'()", "a\\b", "<&>",
        "…",
    ]

    /// No key is the folder of another: the last part says that it is a file.
    private static func key(_ random: inout SeededGenerator) -> String {
        let folders = (0..<Int.random(in: 0...2, using: &random)).compactMap { _ in parts.randomElement(using: &random)
        }
        return (folders + ["\(parts.randomElement(using: &random) ?? "").f"]).joined(separator: "/")
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `a bucket and a folder behave as a dictionary does`(seed: UInt64) throws {
        let folder = TemporaryFolder()
        let fixture = try BucketFixture(prefix: seed % 2 == 0 ? "" : "a b/ü", style: seed % 3 == 0 ? .virtual : .path)
        let stores: [any ObjectStore] = [LocalObjectStore(folder.path + "/new/lake"), fixture.store]
        var model: [String: [UInt8]] = [:]
        var random = SeededGenerator(seed: seed)
        for step in 0..<60 {
            let key = Self.key(&random)
            let content = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let choice = Int.random(in: 0..<7, using: &random)
            let low = Int64.random(in: 0...50, using: &random)
            let range = low..<low + Int64.random(in: 0...50, using: &random)
            let after = Bool.random(using: &random) ? "" : Self.key(&random)
            let prefix = String(Self.key(&random).prefix(Int.random(in: 0...4, using: &random)))
            for store in stores {
                switch choice {
                case 0: try store.put(key, content, type: "text/plain")
                case 1:
                    #expect(
                        try store.putIfAbsent(key, content, type: "text/plain") == (model[key] == nil), "\(step) \(key)"
                    )
                case 2:
                    #expect(try store.get(key) == model[key], "\(step) \(key)")
                    let part = model[key].map { Array($0.dropFirst(Int(range.lowerBound)).prefix(range.count)) }
                    #expect(try store.get(key, range: range) == part, "\(step) \(key) \(range)")
                case 3: #expect(try store.head(key)?.bytes == model[key].map { Int64($0.count) }, "\(step) \(key)")
                case 4: try store.delete(key)
                case 5:
                    let upload = try store.upload(key, type: "text/plain")
                    for byte in content { try upload.append([byte]) }
                    try upload.finish()
                default:
                    let wanted = model.filter { $0.key.hasPrefix(prefix) && ObjectKey.isBefore(after, $0.key) }
                    try expectList(store, wanted, prefix: prefix, after: after, limit: 1 + step % 4)
                }
            }
            switch choice {
            case 0, 5: model[key] = content
            case 1: model[key] = model[key] ?? content
            case 4: model[key] = nil
            default: break
            }
        }
        for store in stores { try expectList(store, model, prefix: "", after: "", limit: 1000) }
    }

    /// Page after page.
    private func expectList(
        _ store: any ObjectStore, _ wanted: [String: [UInt8]], prefix: String, after: String, limit: Int
    ) throws {
        var found: [ObjectSummary] = []
        var place: String? = after
        while let after = place {
            let page = try store.list(prefix: prefix, after: after, limit: limit)
            #expect(page.objects.count <= limit)
            found += page.objects
            place = page.next
        }
        let keys = wanted.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(found.map(\.key) == keys, "\(store) \(prefix) \(after)")
        #expect(found.allSatisfy { $0.bytes == Int64(wanted[$0.key]?.count ?? -1) && !$0.tag.isEmpty })
        for object in found {
            let head = try store.head(object.key)
            #expect(head?.bytes == object.bytes && head?.tag == object.tag)
        }
    }

    @Test func `of many that put one key at once, one succeeds`() async throws {
        let folder = TemporaryFolder()
        let fixture = try BucketFixture()
        let stores: [any ObjectStore] = [LocalObjectStore(folder.path), fixture.store]
        for store in stores {
            let winners = try await withThrowingTaskGroup(of: Int?.self) { group in
                for writer in 0..<12 {
                    group.addTask {
                        try store.putIfAbsent("x/y", bytes("writer \(writer)"), type: "text/plain") ? writer : nil
                    }
                }
                return try await group.reduce(into: [Int]()) { all, winner in if let winner { all.append(winner) } }
            }
            #expect(winners.count == 1)
            #expect(try store.get("x/y") == bytes("writer \(winners.first ?? -1)"))
        }
    }

    @Test(arguments: [
        "", "/a", "a/", "a//b", ".", "a/../b", "a\nb", "a\u{7f}", ".tapedeck-1", String(repeating: "k", count: 241),
    ])
    func `keys that some store cannot have are refused by all`(key: String) throws {
        let folder = TemporaryFolder()
        let stores: [any ObjectStore] = [LocalObjectStore(folder.path), try BucketFixture().store]
        for store in stores {
            #expect(kind { try store.put(key, [], type: "text/plain") } == .refused)
            #expect(kind { _ = try store.putIfAbsent(key, [], type: "text/plain") } == .refused)
            #expect(kind { _ = try store.get(key) } == .refused)
            #expect(kind { _ = try store.head(key) } == .refused)
            #expect(kind { _ = try store.upload(key, type: "text/plain") } == .refused)
            #expect(kind { try store.delete(key) } == .refused)
        }
    }

    @Test(arguments: ["BRK/B", ".", "..", "", "a%b", "^GSPC", "BINANCE:BTCUSDT", "a\nb"])
    func `any text can be a part of a key, and two are never the same`(text: String) {
        let part = ObjectKey.part(text)
        #expect(ObjectKey.objection(to: part) == nil && !part.contains("/"))
        #expect(["^GSPC", "BINANCE:BTCUSDT"].contains(text) == (part == text))
    }
}
