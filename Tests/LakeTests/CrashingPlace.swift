import Databases
import Foundation
import Lake
import Synchronization
import TestKit

/// Counts what changes places, and ends everything at one point: before a change, or behind it and before its answer.
final class CrashPoint: Sendable {
    private struct State {
        var passed = 0
        var isOver = false
    }

    private let state = Mutex(State())
    private let point: Int
    private let root: String
    /// What was on the disk at the crash.
    let image: String

    /// - Parameters:
    ///   - point: which one; changes have two each, from 1 on.
    ///   - root: folder of all places; made a copy of at the crash, since a program that is dead tidies nothing up.
    init(_ point: Int, root: String, image: String) {
        self.point = point
        self.root = root
        self.image = image
    }

    var hasCrashed: Bool { state.withLock { $0.isOver } }

    func check() throws(LakeError) {
        if hasCrashed { throw Self.error }
    }

    func change<T>(_ body: () throws(LakeError) -> T) throws(LakeError) -> T {
        try pass()
        let value = try body()
        try pass()
        return value
    }

    private func pass() throws(LakeError) {
        let isNow = state.withLock { state in
            guard !state.isOver else { return false }
            state.passed += 1
            state.isOver = state.passed == point
            return state.isOver
        }
        if isNow { try? FileManager.default.copyItem(atPath: root, toPath: image) }
        try check()
    }

    private static let error = LakeError(.io, "crash", operation: "test")
}

/// A folder that takes no more changes behind a point.
final class CrashingPlace: LakePlace {
    private let inner: any LakePlace
    private let point: CrashPoint

    init(_ inner: any LakePlace, _ point: CrashPoint) {
        self.inner = inner
        self.point = point
    }

    var url: String { inner.url }
    var access: BucketAccess? { inner.access }

    func folder(_ name: String) -> any LakePlace { CrashingPlace(inner.folder(name), point) }

    func folders() throws(LakeError) -> [String] {
        try point.check()
        return try inner.folders()
    }

    func hasFolder(_ name: String) throws(LakeError) -> Bool {
        try point.check()
        return try inner.hasFolder(name)
    }

    func paths(below folder: String) throws(LakeError) -> [String] {
        try point.check()
        return try inner.paths(below: folder)
    }

    func find(_ path: String) throws(LakeError) -> PlacedFile? {
        try point.check()
        return try inner.find(path)
    }

    func read(_ path: String) throws(LakeError) -> [UInt8]? {
        try point.check()
        return try inner.read(path)
    }

    func create(_ path: String, _ bytes: [UInt8], writer: String) throws(LakeError) -> Bool {
        try point.change { () throws(LakeError) in try inner.create(path, bytes, writer: writer) }
    }

    func replace(_ path: String, _ bytes: [UInt8], writer: String) throws(LakeError) {
        try point.change { () throws(LakeError) in try inner.replace(path, bytes, writer: writer) }
    }

    func remove(_ path: String) { try? point.change { () throws(LakeError) in inner.remove(path) } }

    func draft(_ path: String) throws(LakeError) -> String {
        try point.check()
        return try inner.draft(path)
    }

    func add(_ file: String, as path: String) throws(LakeError) -> PlacedFile {
        try point.change { () throws(LakeError) in try inner.add(file, as: path) }
    }

    func keep(_ draft: String, as path: String) throws(LakeError) -> PlacedFile {
        try point.change { () throws(LakeError) in try inner.keep(draft, as: path) }
    }

    func removeDrafts(of writer: String, in folder: String) throws(LakeError) {
        try point.check()
        try inner.removeDrafts(of: writer, in: folder)
    }
}
