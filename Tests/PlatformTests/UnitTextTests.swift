import Platform
import TestKit
import Testing

struct UnitTextTests {
    @Test(arguments: [
        ("5ms", 5_000_000), ("2s", 2_000_000_000), ("1m", 60_000_000_000), ("6h", 21_600_000_000_000),
        ("7d", 604_800_000_000_000), ("1w", 604_800_000_000_000), ("1.5s", 1_500_000_000), ("1h30m", 5_400_000_000_000),
        ("0", 0), ("0s", 0), ("10us", 10_000), ("10µs", 10_000), ("0.000000001s", 1), ("1.50m", 90_000_000_000),
        ("9223372036854775807ns", Int64.max),
    ])
    func `a time span is read exactly`(text: String, nanoseconds: Int64) {
        #expect(DurationText.nanoseconds(text) == nanoseconds)
    }

    @Test(arguments: [
        "", "5", "s", "-5s", "5 s", "5S", "1.s", ".5s", "1..5s", "30m1h", "1s1s", "0.5ns", "1e3s", "293y", "٣s",
        "9223372036854775808ns", "106752d", "1.0000000000000000001s", "5s ", "0x5s",
    ])
    func `what is no time span is refused`(text: String) {
        #expect(DurationText.nanoseconds(text) == nil)
    }

    @Test(arguments: [
        ("512", 512), ("64MiB", 64 << 20), ("1GB", 1_000_000_000), ("1.5GiB", 3 << 29), ("100 B", 100), ("2kb", 2000),
        ("1KiB", 1024), ("0", 0),
    ])
    func `a size is read exactly`(text: String, bytes: Int64) {
        #expect(SizeText.bytes(text) == bytes)
    }

    @Test(arguments: ["", "MiB", "-1MB", "1.5B", "1G", "9999999TiB", "1 000", "1MiBs"])
    func `what is no size is refused`(text: String) {
        #expect(SizeText.bytes(text) == nil)
    }

    @Test(arguments: UInt64(0)..<200)
    func `written units read back`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let shift = Int.random(in: 0..<62, using: &generator)
        let value = Int64.random(in: 0...(Int64.max >> Int64(shift)), using: &generator)
        #expect(DurationText.nanoseconds(DurationText.text(nanoseconds: value)) == value)
        #expect(SizeText.bytes(SizeText.text(bytes: value)) == value)
    }

    @Test(arguments: UInt64(0)..<200)
    func `parts of a time span add up`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let hours = Int64.random(in: 0..<1000, using: &generator)
        let seconds = Int64.random(in: 0..<100, using: &generator)
        let milliseconds = Int64.random(in: 0..<1000, using: &generator)
        let decimals = String(String(1000 + milliseconds).dropFirst())
        let expected = (hours * 3_600_000 + seconds * 1000 + milliseconds) * 1_000_000
        #expect(DurationText.nanoseconds("\(hours)h\(seconds).\(decimals)s") == expected)
        #expect(DurationText.nanoseconds("\(hours)h\(seconds)s\(milliseconds)ms") == expected)
    }

    @Test func `the shortest exact unit is written`() {
        #expect(DurationText.text(nanoseconds: 90_000_000_000) == "90s")
        #expect(DurationText.text(nanoseconds: 60_000_000_000) == "1m")
        #expect(DurationText.text(nanoseconds: 86_400_000_000_000) == "1d")
        #expect(DurationText.text(nanoseconds: 0) == "0s")
        #expect(SizeText.text(bytes: 128 << 20) == "128MiB")
        #expect(SizeText.text(bytes: 1_000_000) == "1MB")
    }
}
