import Foundation
import TestKit
import Testing

@testable import Objects

@Suite struct LocalObjectStoreTests {
    private let folder = TemporaryFolder()
    private var store: LocalObjectStore { LocalObjectStore(folder.path) }

    private var files: [String] {
        get throws { try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() }
    }

    @Test func `an upload is nowhere to be seen until it is finished, and leaves nothing when it is given up`() throws {
        let upload = try store.upload("a/b", type: "text/plain")
        try upload.append(bytes("12"))
        #expect(try store.list(prefix: "", after: "", limit: 10).objects.isEmpty && store.head("a/b") == nil)
        #expect(try files.count == 2)
        upload.abort()
        #expect(try files == ["a"])
        do {
            let other = try store.upload("a/b", type: "text/plain")
            try other.append(bytes("12"))
            try other.append(bytes("345"))
            try other.finish()
        }
        #expect(try store.get("a/b") == bytes("12345") && files == ["a", "a/b"])
        _ = try store.upload("a/c", type: "text/plain")
        #expect(try !store.putIfAbsent("a/b", bytes("other"), type: "text/plain"))
        #expect(try store.get("a/b") == bytes("12345") && files == ["a", "a/b"])
    }

    @Test func `a key cannot be the folder of another, and says so`() throws {
        try store.put("a/b", [], type: "text/plain")
        for key in ["a", "a/b/c"] {
            let errors = [
                #expect(throws: ObjectError.self) { try store.put(key, [1], type: "text/plain") },
                #expect(throws: ObjectError.self) { _ = try store.putIfAbsent(key, [1], type: "text/plain") },
            ]
            for error in errors {
                #expect(error?.kind == .refused && error?.message.contains("folder of the other") == true)
            }
            #expect(try store.get(key) == nil && store.head(key) == nil)
            try store.delete(key)
        }
        #expect(try files == ["a", "a/b"])
    }

    @Test func `a folder that may not be written is told, with the path`() throws {
        let error = #expect(throws: ObjectError.self) {
            try LocalObjectStore("/proc/none").put("a", [], type: "text/plain")
        }
        #expect(error?.description.contains("/proc/none") == true)
        #expect(try LocalObjectStore(folder.path + "/none").list(prefix: "", after: "", limit: 10).objects.isEmpty)
    }
}
