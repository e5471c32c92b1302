import Foundation
import Platform
import TestKit
import Testing

@Suite struct Base64Tests {
    @Test func `any bytes become the text that Foundation makes of them`() {
        var random = SeededGenerator(seed: 5)
        for count in Array(0..<70) + [4095, 4096, 4097, 100_000] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let expected = Data(bytes).base64EncodedString()
            #expect(Base64.encode(bytes) == expected)
            let column = Column<UInt8>()
            column.append(utf8: "before")
            bytes.withUnsafeBytes { column.append(base64: $0) }
            #expect(String(decoding: column.buffer, as: UTF8.self) == "before" + expected)
        }
    }
}
