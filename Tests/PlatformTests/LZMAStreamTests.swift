import Foundation
import Platform
import TestKit
import Testing

/// Streams compressed by Python's lzma module (liblzma), read back.
@Suite struct LZMAStreamTests {
    private let folder = TemporaryFolder()

    private func read(_ base64: String, change: (inout Data) -> Void = { _ in }, atMost: Int = 1 << 16) throws -> String
    {
        var data = try #require(Data(base64Encoded: base64))
        change(&data)
        let path = folder.path + "/x.lzma"
        try data.write(to: URL(filePath: path))
        let stream = try LZMAStream(try FileStream(path: path), path: path)
        var content: [UInt8] = []
        var part = [UInt8](repeating: 0, count: atMost)
        while true {
            let count = try part.withUnsafeMutableBytes { try stream.read(into: $0) }
            if count == 0 { break }
            content += part[..<count]
        }
        #expect(stream.fileBytesRead == data.count)
        return String(decoding: content, as: UTF8.self)
    }

    /// `b"one two three " * 10`, `FORMAT_ALONE`.
    private let alone = "XQAAgAD//////////wA3m4jOduL042Xe/SFUeTegY9dmLR//DfDAAA=="
    /// `b"one "` and `b"two"`, `FORMAT_XZ`, one behind the other.
    private let two =
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQADb25lIABajIOjMTXvfgABHARvLJzBH7bzfQEAAAAABFla"
        + "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQACdHdvAABd03kpdShSAwABGwMLL7kQH7bzfQEAAAAABFla"

    @Test func `both forms are told by their beginning, and parts follow each other`() throws {
        #expect(try read(alone) == String(repeating: "one two three ", count: 10))
        #expect(try read(alone, atMost: 1) == String(repeating: "one two three ", count: 10))
        #expect(try read(two) == "one two")
    }

    @Test func `a stream that ends in the middle is an error`() {
        for cut in [0, 5, 12, 20] {
            let error = #expect(throws: StreamError.self) { try read(alone, change: { $0 = $0.prefix(cut) }) }
            #expect(error?.message == "the compressed data ends in the middle", "\(cut)")
        }
    }

    @Test func `damage is found`() {
        let error = #expect(throws: StreamError.self) { try read(two, change: { $0[30] ^= 1 }) }
        #expect(error?.message.hasPrefix("damaged compressed data") == true, "\(error?.message ?? "")")
        let other = #expect(throws: StreamError.self) { try read(two, change: { $0[0] = 0xff }) }
        #expect(other?.message == "it is neither .xz nor .lzma")
    }

    @Test func `a header that asks for gigabytes is refused`() {
        // Bytes 1…4 are the size of the dictionary.
        let error = #expect(throws: StreamError.self) {
            try read(alone, change: { $0.replaceSubrange(1...4, with: [0, 0, 0, 0x40]) })
        }
        #expect(error?.message == "its header asks for more than 128 MiB of memory")
    }
}
