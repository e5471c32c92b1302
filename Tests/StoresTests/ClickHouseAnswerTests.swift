import Databases
import Delivery
import Testing

@testable import Stores

@Suite struct ClickHouseAnswerTests {
    @Test func `values are those of their types, whatever wraps these`() throws {
        let answer = try ClickHouseAnswer(
            """
            a\tb\tc\td\te\tf\tg\th
            Int64\tUInt64\tNullable(Float64)\tLowCardinality(Nullable(String))\tDecimal(18, 8)\tBool\tDateTime64(6, \\'UTC\\')\tIntervalDay
            -5\t18446744073709551615\tnan\tx\\ty\\\\\\n\t-1.25\ttrue\t2026-01-31 12:00:00.000001\t3
            7\t1\t\\N\t\\N\t0\tfalse\t\t0

            """)
        #expect(answer.columns.map(\.name) == ["a", "b", "c", "d", "e", "f", "g", "h"])
        #expect(answer.columns.map(\.type) == [.integer, .integer, .float, .text, .decimal, .boolean, .text, .text])
        #expect(answer.rows.count == 2)
        #expect(answer.rows[0][0...1] == [.integer(-5), .unsigned(.max)])
        guard case .double(let number) = answer.rows[0][2] else { throw DeliveryError(.row, "no number") }
        #expect(number.isNaN)
        #expect(
            answer.rows[0][3...] == [
                .text("x\ty\\\n"), .decimal("-1.25"), .boolean(true), .text("2026-01-31 12:00:00.000001"), .text("3"),
            ])
        #expect(answer.rows[1][2...3] == [.null, .null] && answer.rows[1][6] == .text(""))
    }

    @Test func `a statement without an answer has no columns`() throws {
        let answer = try ClickHouseAnswer("")
        #expect(answer.columns.isEmpty && answer.rows.isEmpty)
    }

    @Test(arguments: ["1,2\n3,4\n", "{\"a\":1}\n", "a\tb\nInt64\n", "a\n"])
    func `another format is told`(text: String) {
        let error = #expect(throws: DeliveryError.self) { try ClickHouseAnswer(text) }
        #expect(error?.message.contains("leave FORMAT out") == true)
    }
}
