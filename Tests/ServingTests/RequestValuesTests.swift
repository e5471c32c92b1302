import Testing

@testable import Networking
@testable import Serving

@Suite struct RequestValuesTests {
    private func values(_ query: String) throws -> RequestValues {
        try RequestValues(try #require(HTTPQuery(query)), known: ["instrument", "limit", "from"])
    }

    @Test func `moments are read as text and as nanoseconds`() throws {
        #expect(try values("from=1970-01-01T00:00:01Z").moment("from") == 1_000_000_000)
        #expect(try values("from=42").moment("from") == 42)
        #expect(try values("").moment("from") == nil)
    }

    @Test(arguments: ["limit=0", "limit=ten", "limit=99999999"])
    func `limits out of range are refused`(query: String) throws {
        let values = try values(query)
        #expect(throws: RequestFailure.self) { try values.integer("limit", in: 1...100, default: 10) }
    }

    @Test func `unknown and missing parameters are refused by name`() throws {
        #expect(throws: RequestFailure.self) { try values("colour=red") }
        let empty = try values("limit=5")
        #expect(throws: RequestFailure.self) { try empty.required("instrument") }
        #expect(try empty.integer("limit", in: 1...100, default: 10) == 5)
    }
}
