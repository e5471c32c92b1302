import Delivery
import Foundation
import Market
import TestKit
import Testing

@testable import Stores

@Suite struct LocalProgressTests {
    private let folder = TemporaryFolder()

    private func progress(_ target: String, sink: String = "bus") throws -> LocalProgress {
        let progress = LocalProgress(SinkContext(pipeline: "p", sink: sink, folder: folder.path), target: target)
        try progress.open()
        return progress
    }

    @Test func `what was noted is there after a restart, by table, target and sink`() throws {
        let first = try progress("a")
        #expect(first.offset(Tables.trades) == -1)
        try first.note(Tables.trades, offset: 5)
        try first.note(Tables.quotes, offset: 7)
        try first.note(Tables.trades, offset: 9)
        let again = try progress("a")
        #expect(again.offset(Tables.trades) == 9 && again.offset(Tables.quotes) == 7 && again.offset(Tables.bars) == -1)
        let other = try progress("b")
        #expect(other.offset(Tables.trades) == -1)
        try other.note(Tables.trades, offset: 1)
        #expect(try progress("a").offset(Tables.trades) == 9)
        #expect(try progress("b").offset(Tables.trades) == 1)
        #expect(try progress("a", sink: "other").offset(Tables.trades) == -1)
    }

    @Test func `a damaged file is told, and what a crash left behind is written over`() throws {
        let noted = try progress("a")
        try noted.note(Tables.trades, offset: 5)
        let path = folder.path + "/sinks/bus.json"
        try Data(repeating: 0x78, count: 10_000).write(to: URL(filePath: path + ".new"))
        try noted.note(Tables.trades, offset: 6)
        #expect(try progress("a").offset(Tables.trades) == 6)
        try Data("{\"targets\":".utf8).write(to: URL(filePath: path))
        let error = #expect(throws: DeliveryError.self) { try progress("a") }
        #expect(error?.kind == .setup && error?.message.contains("bus.json") == true)
    }
}
