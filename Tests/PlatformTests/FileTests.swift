import Foundation
import Platform
import TestKit
import Testing

@Suite struct FileTests {
    @Test func `bytes written at a position are read back, up to the end of the file`() throws {
        let folder = TemporaryFolder()
        let file = try File(folder.path + "/a", .create)
        try file.write([1, 2, 3], at: 5)
        #expect(try file.size == 8)
        #expect(try file.read(100, at: 4) == [0, 1, 2, 3])
        #expect(try file.read(10, at: 8) == [])
        try file.truncate(to: 6)
        #expect(try file.read(100, at: 0) == [0, 0, 0, 0, 0, 1])
        try file.reserve(1 << 20)
        #expect(try file.size == 6)
        try file.synchronize()
    }

    @Test func `an error names operation, path and the system's reason`() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/missing/file"
        let error = #expect(throws: FileError.self) { try File(path, .read) }
        #expect(error?.operation == "open")
        #expect(error?.path == path)
        #expect(error?.isMissing == true)
        #expect(error?.description == "cannot open \(path): No such file or directory (errno 2)")
        let full = try File("/dev/full", .write)
        let write = #expect(throws: FileError.self) { try full.write([1], at: 0) }
        #expect(write?.operation == "write")
        #expect(write?.code == ENOSPC)
    }

    @Test func `creating a file that exists fails, opening it for writing does not`() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/a"
        _ = try File(path, .create)
        let error = #expect(throws: FileError.self) { try File(path, .create) }
        #expect(error?.code == EEXIST)
        _ = try File(path, .write)
    }

    @Test func `only one open file holds the lock, until it is closed`() throws {
        let folder = TemporaryFolder()
        var first: File? = try File(folder.path + "/lock", .write)
        let second = try File(folder.path + "/lock", .write)
        #expect(try first?.lockExclusively() == true)
        #expect(try second.lockExclusively() == false)
        first = nil
        #expect(try second.lockExclusively() == true)
    }

    @Test func `folders are created with those above them and list their names sorted`() throws {
        let folder = TemporaryFolder()
        let deep = folder.path + "/a/b/c"
        try Folder.create(deep)
        try Folder.create(deep)
        for name in ["2", "10", "1"] { _ = try File(deep + "/" + name, .create) }
        #expect(try Folder.names(deep) == ["1", "10", "2"])
        try Folder.rename(deep + "/2", to: deep + "/3")
        try Folder.removeFile(deep + "/10")
        try Folder.synchronize(deep)
        #expect(try Folder.names(deep) == ["1", "3"])
        #expect(throws: FileError.self) { try Folder.names(folder.path + "/none") }
        #expect(throws: FileError.self) { try Folder.create(deep + "/1/x") }
    }

    @Test func `an O_DIRECT file takes aligned pages`() throws {
        let folder = TemporaryFolder()
        let file = try File(folder.path + "/direct", .create, direct: true)
        let page = UnsafeMutableRawBufferPointer.allocate(byteCount: 8192, alignment: 4096)
        defer { page.deallocate() }
        page.initializeMemory(as: UInt8.self, repeating: 9)
        try file.write(UnsafeRawBufferPointer(page), at: 4096)
        #expect(try File(folder.path + "/direct", .read).read(3, at: 12285) == [9, 9, 9])
    }
}
