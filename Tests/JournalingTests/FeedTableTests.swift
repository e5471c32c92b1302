import Testing

@testable import Journaling

@Suite struct FeedTableTests {
    @Test func `the names can be read while one of them is being defined`() throws {
        let table = FeedTable(["a"])
        let feed = try table.number(of: "b") { feed throws(JournalError) in
            // What a new segment's header asks for, on the thread that the definition waits for.
            #expect(table.list == ["a", "b"])
            #expect(table[feed] == "b")
        }
        #expect(feed.rawValue == 1)
        #expect(try table.number(of: "b") { _ throws(JournalError) in Issue.record("defined twice") } == feed)
    }
}
