import CDecode
import Platform
import TestKit
import Testing

@testable import Feeds

/// Days and times in the form that most vendors write, which are read on a short way.
@Suite struct AnswerTimesTests {
    private func day(_ text: String) -> Int64? {
        var day: Int64 = 0
        return td_read_day(text, text.utf8.count, &day) ? day : nil
    }

    @Test func `every day from 1970 to 2199 is read`() {
        for number in 0..<84_006 {
            let date = CivilDate(daysSinceEpoch: Int64(number))
            #expect(day("\(date)") == date.daysSinceEpoch, "\(date)")
        }
        #expect(day("1969-12-31") == nil && day("2200-01-01") == nil)
    }

    @Test(arguments: 0..<200)
    func `a day with other bytes in it is none, or the one that it says`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            var bytes = Array("\(CivilDate(daysSinceEpoch: Int64.random(in: 0..<84_006, using: &random)))".utf8)
            bytes[Int.random(in: 0..<10, using: &random)] = UInt8(
                ascii: "0123456789-/ T:".unicodeScalars.randomElement(using: &random) ?? "x")
            let text = String(decoding: bytes, as: UTF8.self)
            if let found = day(text) { #expect(CivilDate(text)?.daysSinceEpoch == found, "\(text)") }
        }
    }

    @Test(arguments: 0..<200)
    func `times of the usual form are those of the general one`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let zone = ["UTC", "America/New_York", "Australia/Lord_Howe", "UTC-5"].randomElement(using: &random) ?? "UTC"
        var reader = CSVTimeReader(.text, try #require(ZoneClock(zone)))
        func time(_ text: String) -> Int64? {
            PaddedBytes.with(Array(text.utf8)) { reader.read($0) }
        }
        func two(_ range: Range<Int>) -> String {
            let number = Int.random(in: range, using: &random)
            return number < 10 ? "0\(number)" : "\(number)"
        }
        for _ in 0..<100 {
            let date = "\(Int.random(in: 1968..<2202, using: &random))-\(two(0..<14))-\(two(0..<33))"
            let mark = ["T", " ", "t", "-"].randomElement(using: &random) ?? ""
            let (minutes, seconds) = ("\(two(0..<26)):\(two(0..<62))", two(0..<63))
            // Decimals are only read in the general way.
            #expect(time(date) == time("\(date) 00:00:00.0"), "\(date)")
            #expect(time("\(date)\(mark)\(minutes)") == time("\(date)\(mark)\(minutes):00.0"))
            #expect(time("\(date)\(mark)\(minutes):\(seconds)") == time("\(date)\(mark)\(minutes):\(seconds).0"))
        }
    }
}
