import Foundation
import Platform
import TestKit
import Testing

@Suite struct ByteStreamTests {
    private let folder = TemporaryFolder()

    /// Writes bytes to a file of the folder.
    private func file(_ name: String, _ bytes: Data) throws -> String {
        let url = folder.url.appending(path: name)
        try bytes.write(to: url)
        return url.path
    }
    private func decoded(_ base64: String) -> Data { Data(base64Encoded: base64) ?? Data() }

    /// Reads all of a stream in pieces.
    private func text(_ stream: any ByteStream, piece: Int = 7) throws -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: piece)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
            if count == 0 { return String(decoding: all, as: UTF8.self) }
            all += buffer[..<count]
        }
    }

    // Made with Python's gzip and zipfile.
    private let gzip =
        "H4sIAAAAAAACA0vLLCouUcjJzEvlShtljjKxMwEeZctkJgIAAB+LCAAAAAAAAgMrTk3Oz0vhAgB+wA8GBwAAAA=="
    private let zip =
        "UEsDBBQAAAAAAIMYIlAAAAAAAAAAAAAAAAAHAAAAZm9sZGVyL1BLAwQUAAAACACDGCJQO0aksCEAAABwAwAADAAAAGZvbGRlci9hLmNzdivJzE3VKSjKTE7VKc6sSuUy1DHSMeYqGRUdFR0VpYEoAFBLAwQUAAAAAACDGCJQPEJVDxAAAAAQAAAABQAAAGIudHh0c3RvcmVkIGFzIGl0IGlzClBLAwQUAAAACACDGCJQAAAAAAIAAAAAAAAACQAAAGVtcHR5LmNzdgMAUEsBAhQDFAAAAAAAgxgiUAAAAAAAAAAAAAAAAAcAAAAAAAAAAAAAAIABAAAAAGZvbGRlci9QSwECFAMUAAAACACDGCJQO0aksCEAAABwAwAADAAAAAAAAAAAAAAAgAElAAAAZm9sZGVyL2EuY3N2UEsBAhQDFAAAAAAAgxgiUDxCVQ8QAAAAEAAAAAUAAAAAAAAAAAAAAIABcAAAAGIudHh0UEsBAhQDFAAAAAgAgxgiUAAAAAACAAAAAAAAAAkAAAAAAAAAAAAAAIABowAAAGVtcHR5LmNzdlBLBQYAAAAABAAEANkAAADMAAAACQBhIGNvbW1lbnQ="
    private let zip64 =
        "UEsDBC0AAAAIAIMYIlCefm6u//////////8HABQAYmlnLmNzdgEAEABuAAAAAAAAABAAAAAAAAAAMzA0MjYxNTO3sOQyoD0TAFBLAQItAy0AAAAIAIMYIlCefm6uEAAAAG4AAAAHAAAAAAAAAAAAAACAAQAAAABiaWcuY3N2UEsFBgAAAAABAAEANQAAAEkAAAAAAA=="

    @Test func `all members of a gzip file are read, whatever the size of the pieces`() throws {
        let path = try file("a.gz", decoded(gzip))
        let expected = String(repeating: "first line\n", count: 50) + "second\n"
        for piece in [1, 7, 64, 100_000] {
            let stream = try InflateStream(try FileStream(path: path), .gzip, path: path)
            #expect(try text(stream, piece: piece) == expected)
            #expect(stream.fileBytesRead == Int64(decoded(gzip).count))
        }
    }

    @Test func `a cut or damaged gzip file is an error that names it`() throws {
        let whole = decoded(gzip)
        for length in [5, 20, 40, whole.count - 1] {
            let path = try file("cut.gz", whole.prefix(length))
            let error = #expect(throws: StreamError.self) {
                _ = try text(try InflateStream(try FileStream(path: path), .gzip, path: path))
            }
            #expect(error?.path == path && error?.message.contains("middle") == true, "cut at \(length)")
        }
        var damaged = whole
        damaged[14] ^= 0x55
        let path = try file("damaged.gz", damaged)
        #expect(throws: StreamError.self) {
            _ = try text(try InflateStream(try FileStream(path: path), .gzip, path: path))
        }
    }

    @Test func `the members of a zip file are read by the directory`() throws {
        let archive = try ZipArchive(path: try file("a.zip", decoded(zip)))
        #expect(archive.members.map(\.name) == ["folder/", "folder/a.csv", "b.txt", "empty.csv"])
        #expect(archive.members.map(\.isFolder) == [true, false, false, false])
        #expect(archive.members.map(\.bytes) == [0, 880, 16, 0])
        #expect(try text(archive.open(archive.members[1])) == String(repeating: "time,price,size\n1,2,3\n", count: 40))
        #expect(try text(archive.open(archive.members[2])) == "stored as it is\n")
        #expect(try text(archive.open(archive.members[3])) == "")
    }

    @Test func `sizes of a zip64 member are found`() throws {
        let archive = try ZipArchive(path: try file("b.zip", decoded(zip64)))
        #expect(
            try archive.members.map { try text(archive.open($0)) } == [String(repeating: "0123456789\n", count: 10)])
    }

    @Test func `content that does not match its checksum is an error`() throws {
        var bytes = decoded(zip)
        let place = try #require(bytes.range(of: Data("stored as".utf8))).lowerBound
        bytes[place] = UInt8(ascii: "S")
        let archive = try ZipArchive(path: try file("c.zip", bytes))
        let error = #expect(throws: StreamError.self) { _ = try text(archive.open(archive.members[2])) }
        #expect(error?.path.hasSuffix("c.zip!b.txt") == true)
    }

    @Test func `no damage to a zip file stops the program`() throws {
        let whole = decoded(zip)
        var random = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            var bytes = whole.prefix(Int.random(in: 0...whole.count, using: &random))
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let path = try file("d.zip", Data(bytes))
            do throws(StreamError) {
                let archive = try ZipArchive(path: path)
                for member in archive.members { _ = try? text(try archive.open(member)) }
            } catch {
                #expect(error.path == path)
            }
        }
    }

    @Test func `a missing file is named with the reason`() {
        let error = #expect(throws: StreamError.self) { _ = try FileStream(path: "/no/such/file") }
        #expect(error?.description == "cannot read /no/such/file: No such file or directory")
    }
}
