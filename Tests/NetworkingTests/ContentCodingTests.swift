import Foundation
import Networking
import Testing

@Suite struct ContentCodingTests {
    private func body(_ bytes: [UInt8], _ coding: String?, limit: Int = 1 << 20) throws -> [UInt8] {
        let headers: HTTPHeaders = coding.map { ["Content-Encoding": $0] } ?? [:]
        return try ContentCoding.body(
            of: HTTPRequest(method: .post, path: "/", headers: headers, body: bytes), limit: limit)
    }
    private func status(_ bytes: [UInt8], _ coding: String?, limit: Int = 1 << 20) -> Int? {
        do {
            _ = try body(bytes, coding, limit: limit)
            return nil
        } catch { return (error as? ContentCoding.Problem)?.status }
    }
    private func gzip(_ text: String) throws -> [UInt8] {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", "-c"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        DispatchQueue.global().async {
            input.fileHandleForWriting.write(Data(text.utf8))
            try? input.fileHandleForWriting.close()
        }
        defer { process.waitUntilExit() }
        return [UInt8](output.fileHandleForReading.readDataToEndOfFile())
    }
    /// A Zstandard frame of runs of one byte (RFC 8878 section 3.1.1): four bytes for every 128 KiB.
    private func zstd(runs: [(byte: UInt8, count: Int)], windowByte: UInt8 = 0x50, isWhole: Bool = true) -> [UInt8] {
        var frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, windowByte]
        for (index, run) in runs.enumerated() {
            let isLast = isWhole && index == runs.count - 1
            let header = run.count << 3 | 1 << 1 | (isLast ? 1 : 0)
            frame += [UInt8(header & 255), UInt8(header >> 8 & 255), UInt8(header >> 16), run.byte]
        }
        return frame
    }

    @Test func `bodies come as they are, with gzip or with zstd`() throws {
        let text = String(repeating: "row\n", count: 10_000)
        #expect(try body(Array(text.utf8), nil) == Array(text.utf8))
        #expect(try body(Array(text.utf8), "identity") == Array(text.utf8))
        #expect(try body(gzip(text), "gzip") == Array(text.utf8))
        #expect(try body(gzip(text), " X-GZIP ") == Array(text.utf8))
        let runs = zstd(runs: [(0x61, 3), (0x0a, 1)])
        #expect(try body(runs, "zstd") == Array("aaa\n".utf8))
        #expect(try body(runs + runs, "zstd") == Array("aaa\naaa\n".utf8))
    }

    @Test func `decompression stops at the limit`() throws {
        #expect(status(Array(repeating: 0, count: 5), nil, limit: 4) == 413)
        #expect(status(try gzip(String(repeating: "x", count: 4_000_000)), "gzip", limit: 1 << 20) == 413)
        let bomb = zstd(runs: Array(repeating: (0, 128 << 10), count: 100_000))  // 400 KB that say 12.8 GB
        #expect(status(bomb, "zstd", limit: 1 << 20) == 413)
        #expect(try body(zstd(runs: [(7, 1000)]), "zstd", limit: 1000).count == 1000)
        #expect(status(zstd(runs: [(7, 1001)]), "zstd", limit: 1000) == 413)
    }

    @Test func `damaged, cut and unknown bodies are refused, and windows that would take much memory`() throws {
        let whole = try gzip("hello")
        #expect(status(Array(whole.dropLast(3)), "gzip") == 400)
        #expect(status([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "gzip") == 400)
        #expect(status([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "zstd") == 400)
        #expect(status(zstd(runs: [(7, 10)], isWhole: false), "zstd") == 400)
        #expect(status(zstd(runs: [(7, 10)], windowByte: 0xa0), "zstd") == 400)  // 1 GiB
        #expect(status(whole, "gzip, gzip") == 415)
        #expect(status(whole, "br") == 415)
    }
}
