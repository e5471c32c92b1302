/// The members of a zip file, read through its central directory.
///
/// - Source: PKWARE, "APPNOTE.TXT – .ZIP File Format Specification" 6.3.10, sections 4.3.7 to 4.3.16.
/// - Threading: any thread; each stream belongs to one.
public final class ZipArchive: Sendable {
    /// One file in the archive.
    public struct Member: Sendable {
        public let name: String
        /// Bytes as stored.
        public let compressedBytes: Int64
        /// Bytes when unpacked.
        public let bytes: Int64
        let method: UInt16
        let checksum: UInt32
        let headerPosition: Int64
        let isEncrypted: Bool
        /// True for folders, which have no content.
        public var isFolder: Bool { name.hasSuffix("/") }
    }

    public let path: String
    /// In the order of the directory.
    public let members: [Member]
    private let file: File

    /// Opens the file and reads its directory.
    ///
    /// - Throws: `StreamError` where it is not a zip file or its directory is damaged.
    public init(path: String) throws(StreamError) {
        self.path = path
        do {
            file = try File(path, .read)
            members = try ZipDirectory.read(file)
        } catch let error as FileError {
            throw StreamError(path: path, error.reason)
        } catch {
            throw error as? StreamError ?? StreamError(path: path, "\(error)")
        }
    }

    /// The unpacked content of a member; its checksum is compared at the end.
    public func open(_ member: Member) throws(StreamError) -> any ByteStream {
        let name = "\(path)!\(member.name)"
        guard !member.isEncrypted else { throw StreamError(path: name, "it is encrypted") }
        var header = [UInt8](repeating: 0, count: 30)
        do {
            let count = unsafe try header.withUnsafeMutableBytes { buffer throws(FileError) in
                unsafe try file.read(into: buffer, at: member.headerPosition)
            }
            guard count == 30, header.starts(with: [0x50, 0x4b, 3, 4]) else {
                throw StreamError(path: name, "its local header is damaged")
            }
            let start = member.headerPosition + 30 + Int64(header.integer16(26)) + Int64(header.integer16(28))
            let stored = try FileStream(file, start..<start + member.compressedBytes)
            let content: any ByteStream =
                switch member.method {
                case 0: stored
                case 8: try InflateStream(stored, .deflate, path: name)
                default:
                    throw StreamError(path: name, "compression method \(member.method) is not supported; use deflate")
                }
            return CheckedStream(content, path: name, checksum: member.checksum, bytes: member.bytes)
        } catch let error as FileError {
            throw StreamError(path: name, error.reason)
        } catch {
            throw error as? StreamError ?? StreamError(path: name, "\(error)")
        }
    }
}

/// Compares length and CRC-32 at the end of a stream.
private final class CheckedStream: ByteStream {
    private let content: any ByteStream
    private let path: String
    private let checksum: UInt32
    private let bytes: Int64
    private var seenChecksum: UInt32 = 0
    private var seenBytes: Int64 = 0

    init(_ content: any ByteStream, path: String, checksum: UInt32, bytes: Int64) {
        self.content = content
        self.path = path
        self.checksum = checksum
        self.bytes = bytes
    }

    var fileBytesRead: Int64 { content.fileBytesRead }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int {
        let count = unsafe try content.read(into: buffer)
        if count > 0 {
            seenBytes += Int64(count)
            seenChecksum = unsafe CRC32.of(UnsafeRawBufferPointer(rebasing: buffer[..<count]), after: seenChecksum)
        } else if buffer.count > 0, seenBytes != bytes || seenChecksum != checksum {
            throw StreamError(path: path, "its content does not match its checksum")
        }
        return count
    }
}

/// The directory at the end of a zip file.
enum ZipDirectory {
    static func read(_ file: File) throws -> [ZipArchive.Member] {
        let size = try file.size
        let (entries, range) = try find(file, size)
        let bytes = try part(file, range)
        var members: [ZipArchive.Member] = []
        var place = 0
        for _ in 0..<entries {
            guard place + 46 <= bytes.count, bytes.integer32(place) == 0x0201_4b50 else { throw damaged(file) }
            let nameBytes = Int(bytes.integer16(place + 28))
            let extraBytes = Int(bytes.integer16(place + 30))
            let end = place + 46 + nameBytes + extraBytes + Int(bytes.integer16(place + 32))
            guard end <= bytes.count else { throw damaged(file) }
            var sizes = [bytes.integer32(place + 24), bytes.integer32(place + 20), bytes.integer32(place + 42)].map(
                Int64.init)
            enlarge(&sizes, bytes, place + 46 + nameBytes, extraBytes)
            guard sizes.allSatisfy({ $0 >= 0 && $0 <= Int64.max / 4 }), sizes[2] <= size, sizes[1] <= size else {
                throw damaged(file)
            }
            members.append(
                ZipArchive.Member(
                    name: String(decoding: bytes[place + 46..<place + 46 + nameBytes], as: UTF8.self),
                    compressedBytes: sizes[1], bytes: sizes[0], method: bytes.integer16(place + 10),
                    checksum: bytes.integer32(place + 16), headerPosition: sizes[2],
                    isEncrypted: bytes.integer16(place + 8) & 1 != 0))
            place = end
        }
        return members
    }

    /// Where the directory is, and how many entries it has.
    private static func find(_ file: File, _ size: Int64) throws -> (entries: Int, range: Range<Int64>) {
        // The record is 22 bytes and a comment of at most 65,535.
        let tail = try part(file, max(0, size - 65_557)..<size)
        guard
            let place = stride(from: tail.count - 22, through: 0, by: -1)
                .first(where: { tail.integer32($0) == 0x0605_4b50 })
        else { throw StreamError(path: file.path, "it is not a zip file: no directory at its end") }
        var entries = Int64(tail.integer16(place + 10))
        var length = Int64(tail.integer32(place + 12)), start = Int64(tail.integer32(place + 16))
        if place >= 20, tail.integer32(place - 20) == 0x0706_4b50 {  // Zip64: sizes beyond 32 bits stand elsewhere
            let position = Int64(bitPattern: tail.integer64(place - 12))
            guard position >= 0, position <= size - 56 else { throw damaged(file) }
            let record = try part(file, position..<position + 56)
            guard record.integer32(0) == 0x0606_4b50 else { throw damaged(file) }
            entries = Int64(bitPattern: record.integer64(32))
            length = Int64(bitPattern: record.integer64(40))
            start = Int64(bitPattern: record.integer64(48))
        }
        guard start >= 0, length >= 0, start <= size, length <= size - start, entries >= 0, entries <= length / 46
        else {
            throw damaged(file)
        }
        return (Int(entries), start..<start + length)
    }

    /// Replaces sizes that did not fit 32 bits by those of the Zip64 field, in the order of the specification.
    private static func enlarge(_ sizes: inout [Int64], _ bytes: [UInt8], _ start: Int, _ count: Int) {
        var place = start
        while place + 4 <= start + count {
            let kind = bytes.integer16(place), length = Int(bytes.integer16(place + 2))
            var field = place + 4
            let end = field + length
            guard end <= start + count else { return }
            if kind == 1 {
                for index in sizes.indices where sizes[index] == 0xffff_ffff && field + 8 <= end {
                    sizes[index] = Int64(bitPattern: bytes.integer64(field))
                    field += 8
                }
            }
            place = end
        }
    }

    private static func part(_ file: File, _ range: Range<Int64>) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(range.count))
        let count = unsafe try bytes.withUnsafeMutableBytes { unsafe try file.read(into: $0, at: range.lowerBound) }
        guard count == bytes.count else { throw damaged(file) }
        return bytes
    }

    private static func damaged(_ file: File) -> StreamError {
        StreamError(path: file.path, "the directory of the zip file is damaged")
    }
}

extension [UInt8] {
    fileprivate func integer16(_ place: Int) -> UInt16 { UInt16(self[place]) | UInt16(self[place + 1]) << 8 }
    fileprivate func integer32(_ place: Int) -> UInt32 {
        UInt32(integer16(place)) | UInt32(integer16(place + 2)) << 16
    }
    fileprivate func integer64(_ place: Int) -> UInt64 {
        UInt64(integer32(place)) | UInt64(integer32(place + 4)) << 32
    }
}
