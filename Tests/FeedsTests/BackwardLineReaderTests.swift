import Foundation
import Platform
import TestKit
import Testing

@testable import Feeds

@Suite struct BackwardLineReaderTests {
    private let folder = TemporaryFolder()

    private func backward(_ text: [UInt8], from first: Int = 0) throws -> [[UInt8]] {
        let path = folder.path + "/x"
        try Data(text).write(to: URL(filePath: path))
        let reader = try BackwardLineReader(try File(path, .read), from: Int64(first), fileBytes: 1000)
        var lines: [[UInt8]] = []
        while let line = try reader.next() { lines.append(Array(line)) }
        #expect(reader.fileBytesRead == 1000 || first > 0)
        return lines
    }

    @Test func `lines come from the last to the first, each with its break`() throws {
        let texts = try backward(Array("a\nbb\r\n\nc".utf8)).map { String(decoding: $0, as: UTF8.self) }
        #expect(texts == ["c\n", "\n", "bb\r\n", "a\n"])
        #expect(try backward([]).isEmpty)
        #expect(try backward([10]) == [[10]])
        #expect(try backward(Array("h,h\n1\n2\n".utf8), from: 4) == [Array("2\n".utf8), Array("1\n".utf8)])
        #expect(try backward(Array("h,h\n".utf8), from: 4).isEmpty)
    }

    @Test(arguments: 0..<30)
    func `whatever the lengths, the same lines as forwards`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let most = [3, 100, 5_000, 300_000, 700_000].randomElement(using: &random) ?? 3
        var text: [UInt8] = []
        var lines: [[UInt8]] = []
        while text.count < 2_000_000, lines.count < 40_000 {
            let line = [UInt8](
                repeating: UInt8.random(in: 97...122, using: &random), count: .random(in: 0...most, using: &random))
            lines.append(line + [10])
            text += line + [10]
        }
        if Bool.random(using: &random), let last = lines.last, last.count > 1 { text.removeLast() }
        #expect(try backward(text) == lines.reversed())
    }
}
