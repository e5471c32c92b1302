import Feeds
import Market
import TestKit
import Testing

@testable import Feeds

@Suite struct TransactionRowsTests {
    private let usual: [(String, String)] = [
        ("operation_id", "\"3f1c2c0e-5d1f-4d2a-9a51-2f0c7f6f2b11\""), ("person_name", "\"Ana Souza\""),
        ("symbol", "\"PIC.WS\""), ("timestamp", "\"2026-01-30T14:30:00.123456Z\""), ("exchange", "\"NYSE\""),
        ("currency", "\"USD\""), ("price", "12.5"), ("operation", "\"purchase\""),
    ]
    /// One row with a field replaced, or left out where the value is empty.
    private func row(_ name: String = "", _ value: String = "") -> String {
        let members = usual.map { ($0.0, $0.0 == name ? value : $0.1) }.filter { !$0.1.isEmpty }
        return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
    private func decoded(_ body: String, knowsFixedForm: Bool = true) -> DecodedFrames {
        DecodedFrames { FrameDecoders.rows(.transactions, $0, venue: "", knowsFixedForm: knowsFixedForm) }.decode(body)
    }
    private let expected =
        "0/0 3f1c2c0e-5d1f-4d2a-9a51-2f0c7f6f2b11 Ana Souza PIC.WS@NYSE 1769783400123456000 12.50000000 USD purchase"

    @Test func `an operation becomes a row with an exact price`() {
        #expect(decoded(row()).transactions == [expected])
        #expect(decoded("[\(row())]").transactions == [expected])
        #expect(decoded(row("price", "\"12.5\"")).transactions == [expected])
        #expect(decoded(row("price", "1.25e1")).transactions == [expected])
        #expect(decoded(row("timestamp", "\"2026-01-30T15:30:00.123456+01:00\"")).transactions == [expected])
        #expect(decoded(row("operation_id", "\"3F1C2C0E-5D1F-4D2A-9A51-2F0C7F6F2B11\"")).transactions == [expected])
        #expect(decoded(row("person_name", "\"\\u0041na Sou\\u007aa\"")).transactions == [expected])
        #expect(decoded(row("operation", "\"sale\"")).transactions[0].hasSuffix("USD sale"))
    }

    @Test func `rows of the table itself are taken: their time is event_time`() {
        let without = row("timestamp", "").dropLast()
        let ns = "\"event_time_ns\":1769783400123456000", text = "\"event_time\":\"2026-01-30T14:30:00.123456Z\""
        #expect(decoded("\(without),\(ns)}").transactions == [expected])
        #expect(decoded("\(without),\(text)}").transactions == [expected])
        // The finest counts, and `timestamp` before all.
        let other = "\"event_time\":\"2020-01-01T00:00:00Z\""
        #expect(decoded("\(without),\(other),\(ns)}").transactions == [expected])
        #expect(decoded("\(row().dropLast()),\(other)}").transactions == [expected])
        #expect(
            decoded("\(without),\"event_time_ns\":-1}").deadLetters.map { $0.contains("`event_time_ns` lies outside") }
                == [true])
        #expect(
            decoded("\(without),\"event_time\":\"soon\"}").deadLetters.map { $0.contains("`event_time`") } == [true])
        #expect(decoded("\(row().dropLast()),\"event_time_ns\":nonsense}").transactions.isEmpty)
    }

    @Test(arguments: [
        ("operation_id", "", "missing_field: field `operation_id` is missing or empty"),
        ("operation_id", "\"17\"", "value_invalid: `operation_id` is not a UUID"),
        ("operation_id", "\"3f1c2c0e-5d1f-4d2a-9a51-2f0c7f6f2b1g\"", "value_invalid: `operation_id` is not a UUID"),
        (
            "operation_id", "\"3f1c2c0e\u{20}5d1f-4d2a-9a51-2f0c7f6f2b11\"",
            "value_invalid: `operation_id` is not a UUID"
        ),
        ("operation_id", "\"3f1c2c0e5-d1f-4d2a-9a51-2f0c7f6f2b11\"", "value_invalid: `operation_id` is not a UUID"),
        ("person_name", "\"\"", "missing_field: field `person_name` is missing or empty"),
        ("person_name", "7", "wrong_type: field `person_name` has the wrong type"),
        (
            "timestamp", "\"2026-01-30T14:30:00.123456\"",
            "value_invalid: `timestamp` is not an RFC 3339 time with a zone"
        ),
        ("timestamp", "\"2026-02-30T14:30:00Z\"", "value_invalid: `timestamp` is not an RFC 3339 time with a zone"),
        ("timestamp", "1769783400", "wrong_type: field `timestamp` has the wrong type"),
        ("timestamp", "\"2200-01-01T00:00:00Z\"", "time_out_of_range: field `timestamp` lies outside 1970 to 2200"),
        ("currency", "\"XXQ\"", "value_invalid: `currency` is not a code of ISO 4217"),
        ("currency", "\"usd\"", "value_invalid: `currency` is not a code of ISO 4217"),
        ("price", "0", "price_not_positive: field `price` is not a positive number"),
        ("price", "-12.5", "price_not_positive: field `price` is not a positive number"),
        ("price", "\"n/a\"", "wrong_type: field `price` has the wrong type"),
        ("price", "null", "missing_field: field `price` is missing or empty"),
        (
            "price", "0.123456789",
            "value_invalid: `price` has more than 18 digits, or more than 8 of them behind the point"
        ),
        (
            "price", "10000000000",
            "value_invalid: `price` has more than 18 digits, or more than 8 of them behind the point"
        ),
        ("operation", "\"hold\"", "value_invalid: `operation` is neither purchase nor sale"),
    ])
    func `a row that breaks a rule is rejected with the reason`(_ name: String, _ value: String, _ reason: String) {
        let bad = row(name, value)
        let result = decoded("\(row())\n\(bad)\n\(row())")
        #expect(result.transactions.count == 2 && result.transactions.first == expected)
        #expect(result.deadLetters == ["0/1 \(reason) | \(bad)"])
    }

    @Test(arguments: 0..<40)
    func `rows of the generator are read alike on both ways, those with a flaw are rejected`(seed: UInt64) {
        let stream = TransactionStream(seed: seed, rate: 3000, badShare: 0.1, repeatShare: 0.05)
        let fast = DecodedFrames { FrameDecoders.rows(.transactions, $0, venue: "", knowsFixedForm: true) }
        let slow = DecodedFrames { FrameDecoders.rows(.transactions, $0, venue: "", knowsFixedForm: false) }
        var lines = 0
        for slot in 17_000_000_000..<17_000_000_004 {
            for frame in stream.frames(Int64(slot)) {
                // What follows in memory looks like more of the same.
                fast.decode(frame, behind: frame)
                slow.decode(frame, behind: frame)
                lines += frame.count { $0 == UInt8(ascii: "\n") }
            }
        }
        #expect(fast.transactions == slow.transactions)
        #expect(fast.deadLetters == slow.deadLetters)
        #expect(fast.transactions.count + fast.deadLetters.count == lines)
        #expect(fast.deadLetters.count > lines / 20 && fast.deadLetters.count < lines / 5)
    }

    /// Found by the fuzzer: control characters differ from digits, and a carriage return from a hyphen, by the bit that
    /// makes letters small.
    @Test(arguments: ["\u{12}", "\r"]) func `what only looks like a UUID with one bit changed is none`(_ byte: String) {
        let bad = row("operation_id", "\"3f1c2c0e-5d1f-4d2a-9a51-\(byte)f0c7f6f2b11\"")
        #expect(decoded("\(row())\n\(bad)\n").deadLetters.count == 1)
        #expect(decoded("\(row())\n\(bad)\n").transactions == [expected])
    }

    @Test(arguments: 0..<60)
    func `a cut or changed byte never makes more of a frame than the slow way does`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let stream = TransactionStream(seed: seed, rate: 300, badShare: 0, repeatShare: 0)
        var frame = stream.frames(17_000_000_000 + Int64(seed)).first ?? Array(row().utf8)
        let place = Int.random(in: frame.indices, using: &random)
        if Bool.random(using: &random) {
            frame.removeLast(frame.count - place)
        } else {
            frame[place] = UInt8.random(in: 0...255, using: &random)
        }
        let fast = DecodedFrames { FrameDecoders.rows(.transactions, $0, venue: "", knowsFixedForm: true) }
        let slow = DecodedFrames { FrameDecoders.rows(.transactions, $0, venue: "", knowsFixedForm: false) }
        // Once to know the names, once with the fault.
        for decoder in [fast, slow] { decoder.decode(row()).decode(frame, behind: Array(row().utf8)) }
        #expect(fast.transactions == slow.transactions)
        #expect(fast.deadLetters == slow.deadLetters)
    }

    @Test(arguments: 0..<400)
    func `prices are read as exact decimals are elsewhere`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let digits = (0..<Int.random(in: 0...20, using: &random)).map { _ in Int.random(in: 0...9, using: &random) }
        var text = digits.map(String.init).joined()
        if Bool.random(using: &random), !text.isEmpty {
            text.insert(".", at: text.index(text.startIndex, offsetBy: Int.random(in: 0...text.count, using: &random)))
        }
        if Int.random(in: 0..<4, using: &random) == 0 { text += "e\(Int.random(in: -20...20, using: &random))" }
        if Int.random(in: 0..<6, using: &random) == 0 { text = "+" + text }
        let units = DecimalText.units(text, scale: Tables.moneyScale)
        let result = decoded(row("price", "\"\(text)\""))
        if let units, units > 0 {
            #expect(result.transactions.count == 1, "\(text)")
            #expect(
                result.events.transactions.integer(Tables.transactions.place("price"), row: 0) == units, "\(text)")
        } else {
            #expect(result.deadLetters.count == 1, "\(text)")
        }
    }
}
