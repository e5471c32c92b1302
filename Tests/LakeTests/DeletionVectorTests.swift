import Foundation
import Platform
import TestKit
import Testing

@testable import Lake

@Suite struct DeletionVectorTests {
    /// Writes numbers as the format's specification has it, each container in the way that is asked for.
    private func encode(_ rows: [Int64], _ kind: (Int64) -> Int) -> [UInt8] {
        var bytes: [UInt8] = []
        func put(_ value: Int, _ count: Int) {
            for place in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
        }
        put(1_681_511_377, 4)
        let bitmaps = Dictionary(grouping: rows) { $0 >> 32 }
        put(bitmaps.count, 8)
        for (upper, rows) in bitmaps.sorted(by: { $0.key < $1.key }) {
            put(Int(upper), 4)
            let containers = Dictionary(grouping: rows) { $0 >> 16 & 0xffff }.sorted { $0.key < $1.key }
            let isRun = containers.map { kind($0.key) == 2 }
            if isRun.contains(true) {
                put(12_347 | (containers.count - 1) << 16, 4)
                for start in stride(from: 0, to: isRun.count, by: 8) {
                    put(
                        isRun[start..<min(start + 8, isRun.count)].enumerated().reduce(0) {
                            $0 | ($1.element ? 1 << $1.offset : 0)
                        }, 1)
                }
            } else {
                put(12_346, 4)
                put(containers.count, 4)
            }
            for (key, rows) in containers {
                put(Int(key), 2)
                put(rows.count - 1, 2)
            }
            if !isRun.contains(true) || containers.count >= 4 { for _ in containers { put(0, 4) } }
            for ((_, rows), isRun) in zip(containers, isRun) {
                let low = rows.map { Int($0 & 0xffff) }
                if isRun {
                    var runs: [(Int, Int)] = []
                    for value in low {
                        if let last = runs.last, last.0 + last.1 + 1 == value {
                            runs[runs.count - 1].1 += 1
                        } else {
                            runs.append((value, 0))
                        }
                    }
                    put(runs.count, 2)
                    for run in runs {
                        put(run.0, 2)
                        put(run.1, 2)
                    }
                } else if rows.count > 4096 {
                    var bits = [UInt8](repeating: 0, count: 8192)
                    for value in low { bits[value / 8] |= 1 << (value % 8) }
                    bytes += bits
                } else {
                    for value in low { put(value, 2) }
                }
            }
        }
        return bytes
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `rows come back, however a container is written`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var rows: Set<Int64> = []
        for _ in 0..<Int.random(in: 0...6, using: &generator) {
            let base =
                Int64.random(in: 0..<3, using: &generator) << 32 | Int64.random(in: 0..<6, using: &generator) << 16
            if Bool.random(using: &generator) {
                let start = Int64.random(in: 0..<60_000, using: &generator)
                rows.formUnion((start..<start + Int64.random(in: 1...5500, using: &generator)).map { base + $0 })
            } else {
                rows.formUnion((0..<50).map { _ in base + Int64.random(in: 0..<65_536, using: &generator) })
            }
        }
        let sorted = rows.sorted()
        let bytes = encode(sorted) { key in Int(truncatingIfNeeded: (key &* 31 &+ Int64(seed)) % 3) }
        #expect(RoaringBitmapArray(bytes, countMax: Int64(sorted.count))?.values == sorted)
        // Cut off anywhere, or with something behind it, it is not one.
        if let end = bytes.indices.randomElement(using: &generator) {
            #expect(RoaringBitmapArray(Array(bytes[..<end]), countMax: .max) == nil)
        }
        #expect(RoaringBitmapArray(bytes + [0], countMax: .max) == nil)
        #expect(sorted.isEmpty || RoaringBitmapArray(bytes, countMax: Int64(sorted.count - 1)) == nil)
    }

    private func reference(_ type: String, _ text: String, bytes: Int64, rows: Int64) -> DeletionVectorReference {
        .init(storageType: type, pathOrInlineDv: text, offset: nil, sizeInBytes: bytes, cardinality: rows)
    }

    @Test func `the example of another implementation is read, and one that lies is refused`() throws {
        let place = LocalPlace(TemporaryFolder().path)
        // A test of delta-kernel-rs.
        let text = "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L"
        let vector = try DeletionVector(reference("i", text, bytes: 44, rows: 6), of: place)
        #expect(vector.rows == [3, 4, 7, 11, 18, 29])
        for (text, rows) in [(text, Int64(5)), (String(text.dropLast(5)), 6), (text + "~~~~~", 7), ("", 0)] {
            let error = #expect(throws: LakeError.self) {
                _ = try DeletionVector(reference("i", text, bytes: 44, rows: rows), of: place)
            }
            #expect(error?.code == .corrupt)
        }
    }

    @Test func `a file of vectors is found by its identifier, and checked`() throws {
        let folder = TemporaryFolder()
        let place = LocalPlace(folder.path)
        let bytes = encode([1, 5, 70_000]) { _ in 0 }
        func big(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
        let file = [1] + big(UInt32(bytes.count)) + bytes + big(bytes.withUnsafeBytes { CRC32.of($0) })
        // The protocol's own example of a name.
        let path = "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"
        try FileManager.default.createDirectory(atPath: folder.path + "/ab", withIntermediateDirectories: true)
        try Data(file).write(to: folder.url.appending(path: path))
        var wanted = reference("u", "ab^-aqEH.-t@S}K{vb[*k^", bytes: Int64(bytes.count), rows: 3)
        wanted.offset = 1
        #expect(try DeletionVector(wanted, of: place).rows == [1, 5, 70_000])
        let absolute = reference("p", "file://\(place.url)/\(path)", bytes: Int64(bytes.count), rows: 3)
        #expect(try DeletionVector(absolute, of: place).rows == [1, 5, 70_000])
        for number in file.indices where number % 7 == 0 {
            var damaged = file
            damaged[number] ^= 4
            try Data(damaged).write(to: folder.url.appending(path: path))
            #expect(throws: LakeError.self) { _ = try DeletionVector(wanted, of: place) }
        }
        for outside in ["/etc/passwd", "\(place.url)/../secret.bin"] {
            let error = #expect(throws: LakeError.self) {
                _ = try DeletionVector(reference("p", outside, bytes: 10, rows: 1), of: place)
            }
            #expect(error?.code == .unsupported)
        }
    }
}
