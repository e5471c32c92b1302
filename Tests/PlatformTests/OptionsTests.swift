import Foundation
import Platform
import TestKit
import Testing

struct OptionsTests {
    static let spec = Spec(
        "venue", "A venue.",
        options: [
            .text("url", default: "wss://example.org", "Endpoint."),
            .secret("token", default: "", "Token."),
            .list("symbols", "Symbols."),
            .integer("depth", default: "10", "Levels."),
            .number("ratio", default: "0.5", "Ratio."),
            .boolean("quotes", default: "true", "Quotes too."),
            .duration("stale", default: "30s", "Silence."),
            .bytes("buffer", default: "1MiB", "Buffer."),
            .text("mode", default: "live", choices: ["live", "delayed"], "Mode."),
            .duration("retain", default: "", "Age."),
            .list("channels", default: "trades,quotes", choices: ["trades", "quotes", "depth"], "Channels."),
        ])
    static let references = References(
        variable: { ["TOKEN": "hunter2", "DEPTH": "abc", "HOST": "h"][$0] },
        file: { ["secret.txt": "s3cret\n", "two.txt": "a\n\n"][$0] })

    @Test func `defaults stand in for what is absent`() throws {
        let options = try Self.read("symbols: []")
        #expect(options.text("url") == "wss://example.org")
        #expect(options.secret("token").isEmpty)
        #expect(options.integer("depth") == 10)
        #expect(options.number("ratio") == 0.5)
        #expect(options.boolean("quotes"))
        #expect(options.durationNs("stale") == 30_000_000_000)
        #expect(options.bytes("buffer") == 1 << 20)
        #expect(options.list("channels") == ["trades", "quotes"])
        #expect(!options.isSet("retain"))
        #expect(options.isSet("stale"))
        #expect(!options.isGiven("stale"))
    }

    @Test func `given values replace defaults`() throws {
        let options = try Self.read(
            "{ symbols: [A, B], depth: 1_000, ratio: 1e-3, quotes: false, stale: 1m, buffer: 2KiB, retain: 7d, url: }")
        #expect(options.list("symbols") == ["A", "B"])
        #expect(options.integer("depth") == 1000)
        #expect(options.number("ratio") == 0.001)
        #expect(!options.boolean("quotes"))
        #expect(options.durationNs("stale") == 60_000_000_000)
        #expect(options.bytes("buffer") == 2048)
        #expect(options.durationNs("retain") == 604_800_000_000_000)
        #expect(options.text("url") == "wss://example.org")
        #expect(options.isGiven("stale"))
    }

    /// YAML and all messages it gives.
    static let wrong: [(String, [String])] = [
        ("symbls: [A]\nsymbols: [A]", ["p.yaml:1: venue: unknown option `symbls`; did you mean `symbols`?"]),
        (
            "symbols: [A]\nzzz: 1",
            [
                "p.yaml:2: venue: unknown option `zzz`; known: `url`, `token`, `symbols`, `depth`, `ratio`, `quotes`, "
                    + "`stale`, `buffer`, `mode`, `retain`, `channels`"
            ]
        ),
        ("url: x", ["p.yaml:1: venue: `symbols` is missing; add `symbols: …`, a list of texts. Symbols."]),
        ("symbols: A", ["p.yaml:1: venue: `symbols` is text, but takes a list of texts; write `symbols: [A]`"]),
        ("symbols: [A]\nurl: [b]", ["p.yaml:2: venue: `url` is a list, but takes a text"]),
        ("symbols:\n  - A\n  - [B]", ["p.yaml:3: venue: `symbols` holds a list, but takes a list of texts"]),
        ("symbols: [A]\ndepth: ten", ["p.yaml:2: venue: `depth`: `ten` is not a whole number"]),
        ("symbols: [A]\nratio: inf", ["p.yaml:2: venue: `ratio`: `inf` is not a number"]),
        ("symbols: [A]\nquotes: yes", ["p.yaml:2: venue: `quotes`: `yes` is neither true nor false; write `true`"]),
        ("symbols: [A]\nstale: 5", ["p.yaml:2: venue: `stale`: `5` is not a time span; add a unit: `5s` or `5ms`"]),
        (
            "symbols: [A]\nstale: soon",
            [
                "p.yaml:2: venue: `stale`: `soon` is not a time span; write a time span such as `250ms`, `5s`, `2m`, `6h` or `7d`"
            ]
        ),
        (
            "symbols: [A]\nbuffer: 1G",
            [
                "p.yaml:2: venue: `buffer`: `1G` is not a size; write a size such as `512KiB`, `64MiB` or `1GB`"
            ]
        ),
        ("symbols: [A]\nmode: lve", ["p.yaml:2: venue: `mode`: `lve` is not a choice; did you mean `live`?"]),
        (
            "symbols: [A]\nchannels: [trades, bars]",
            [
                "p.yaml:2: venue: `channels`: `bars` is not a choice; known: `trades`, `quotes`, `depth`"
            ]
        ),
        (
            "[a]",
            [
                "p.yaml:1: `venue` is a list, but takes options; write `venue: { url: … }`",
                "p.yaml:1: venue: `symbols` is missing; add `symbols: …`, a list of texts. Symbols.",
            ]
        ),
        (
            "depth: x\nstale: y\nsymbols: [A]",
            [
                "p.yaml:1: venue: `depth`: `x` is not a whole number",
                "p.yaml:2: venue: `stale`: `y` is not a time span; write a time span such as `250ms`, `5s`, `2m`, `6h` or `7d`",
            ]
        ),
        (
            "symbols: [A]\ntoken: ${NOPE}",
            [
                "p.yaml:2: venue: `token`: environment variable `NOPE` is not set; set it, or write `${file:path}`"
            ]
        ),
        (
            "symbols: [A]\ntoken: ${file:nope.txt}",
            [
                "p.yaml:2: venue: `token`: file `nope.txt` cannot be read; create it, or check its name and permissions"
            ]
        ),
        (
            "symbols: [A]\ntoken: '${a-b}'",
            [
                "p.yaml:2: venue: `token`: `${a-b}` is not the name of an environment variable; write `${NAME}` or `${file:path}`"
            ]
        ),
        (
            "symbols: [A]\ntoken: ${X",
            [
                "p.yaml:2: venue: `token`: `${` has no closing `}`; write `$${` for the characters themselves"
            ]
        ),
        // The value of the variable must not show.
        ("symbols: [A]\ndepth: ${DEPTH}", ["p.yaml:2: venue: `depth`: `${DEPTH}` is not a whole number"]),
    ]

    @Test(arguments: wrong)
    func `what is wrong is reported with line and suggestion`(text: String, messages: [String]) throws {
        var errors: [ConfigError] = []
        let options = Options.read(
            Self.spec, try YAML.parse(text), file: "p.yaml", references: Self.references, errors: &errors)
        #expect(options == nil)
        #expect(errors.map(\.description) == messages)
    }

    @Test func `references are replaced by variables and files`() throws {
        let options = try Self.read(
            "{ token: ${TOKEN}, symbols: [${file:two.txt}], url: \"wss://${HOST}:1/$${x}\", mode: live }")
        #expect(options.secret("token") == "hunter2")
        #expect(options.list("symbols") == ["a\n"])
        #expect(options.text("url") == "wss://h:1/${x}")
        #expect(try Self.read("{ token: ${file:secret.txt}, symbols: [] }").secret("token") == "s3cret")
    }

    @Test func `neither secrets nor replaced references show`() throws {
        let options = try Self.read("{ token: plain-secret, symbols: [A, B], url: \"wss://${TOKEN}\" }")
        var dumped = ""
        dump(options, to: &dumped)
        for text in [options.description, "\(options)", String(reflecting: options), dumped] {
            #expect(!text.contains("plain-secret"))
            #expect(!text.contains("hunter2"))
        }
        #expect(options.description == "venue(url=wss://${TOKEN}, token=***, symbols=[A, B])")
        #expect(!options.error("token", "is refused").description.contains("plain"))
    }

    @Test func `assignments read as options`() throws {
        let options = try Options(Self.spec, assignments: ["symbols=A, B", "stale=2s", "url=a=b"])
        #expect(options.list("symbols") == ["A", "B"])
        #expect(options.durationNs("stale") == 2_000_000_000)
        #expect(options.text("url") == "a=b")
        let error = #expect(throws: ConfigError.self) { try Options(Self.spec, assignments: ["symbols"]) }
        #expect(error?.description == "venue: `symbols` is not `key=value`; write `symbols=…`")
    }

    @Test func `a call reads values by place and by name`() throws {
        let spec = Spec(
            "macd", "MACD.",
            options: [
                .integer("fast", default: "12", "Fast."), .integer("slow", default: "26", "Slow."),
                .number("weight", default: "1", "Weight."),
            ])
        let options = try Options(spec, arguments: ["10", "weight=0.50"])
        #expect(options.integer("fast") == 10)
        #expect(options.integer("slow") == 26)
        #expect(options.callText == "macd(10,26,0.5)")
        let error = #expect(throws: ConfigError.self) {
            try Options(spec, arguments: ["1", "2", "3", "4"], file: "p.yaml", line: 7)
        }
        #expect(error?.description == "p.yaml:7: `macd` takes at most 3 values")
    }

    @Test func `an error of a component names the line of the option or element`() throws {
        let options = try Self.read("url: x\nsymbols:\n  - A\n  - B\n")
        #expect(options.error("url", "is no URL").description == "p.yaml:1: venue: `url`: is no URL")
        #expect(options.error("symbols", element: 1, "is unknown").line == 4)
        #expect(options.error("depth", "is odd").line == 1)
    }

    @Test func `a sound spec has no problems`() {
        #expect(Self.spec.problems == [])
    }

    @Test func `a spec's own mistakes are found`() {
        let spec = Spec(
            "Venue", "No sentence",
            options: [
                .duration("stale", default: "5", "Silence."), .text("stale", "Again."), .text("mode", default: "x", ""),
                .list("kinds", default: "a,c", choices: ["a", "b"], "Kinds."),
            ])
        #expect(
            spec.problems == [
                "`Venue` is not a name", "Venue: the summary is no sentence",
                "Venue: `stale`: the default: `5` is not a time span", "Venue: `stale` is there twice",
                "Venue: `mode`: the summary is no sentence", "Venue: `kinds`: the default: `c` is not a choice",
            ])
    }

    @Test func `references of the process are its environment and files`() throws {
        let folder = TemporaryFolder()
        try "s3cret\r\n".write(toFile: folder.path + "/token", atomically: true, encoding: .utf8)
        let spec = Spec("x", "A thing.", options: [.secret("token", "Key."), .text("path", "Path.")])
        let options = try Options(
            spec, try YAML.parse("{ token: ${file:\(folder.path)/token}, path: ${PATH} }"), references: .process)
        #expect(options.secret("token") == "s3cret")
        #expect(options.text("path") == ProcessInfo.processInfo.environment["PATH"])
    }

    @Test func `help shows every option with its default`() {
        let text = Self.spec.helpText
        for option in Self.spec.options { #expect(text.contains("  \(option.name)  ")) }
        #expect(text.contains("Symbols. (required)"))
        #expect(text.contains("Age. (not set)"))
        #expect(text.contains("Channels. (default [trades, quotes])"))
    }

    private static func read(_ text: String) throws -> Options {
        try Options(spec, try YAML.parse(text, file: "p.yaml"), file: "p.yaml", references: references)
    }
}
