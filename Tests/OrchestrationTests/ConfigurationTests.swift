import Kafka
import Foundation
import Analytics
import Market
import Platform
import TestKit
import Testing

@testable import Orchestration

struct ConfigurationTests {
    static let components = ComponentSpecs(
        feeds: [
            Spec(
                "ticker", "Trades of a venue.",
                options: [
                    .secret("token", "Key of the account."),
                    .list("symbols", "Symbols, in the venue's own text."),
                    .duration("stale", default: "30s", "Silence after which the line is made anew."),
                ], example: "feeds:\n  - ticker: { token: ${TOKEN}, symbols: [AAPL] }"),
            Spec("simulator", "A market made up.", options: [.integer("seed", default: "1", "Start of the numbers.")]),
        ],
        sinks: [
            Spec(
                "lake", "Delta tables.",
                options: [
                    .text("path", default: "", "Folder."), .duration("flush", default: "60s", "Longest wait."),
                    .integer("flush_rows", default: "1000000", "Most rows."),
                ]),
            Spec(
                "objects", "Objects.",
                options: [
                    .text("url", "Folder."), .list("tables", default: "trades", "Tables."),
                    .text("endpoint", default: "", "Address."),
                ]),
        ],
        indicators: [
            Spec("sma", "Simple moving average.", options: [.integer("period", default: "20", "Bars.")]),
            Spec("rsi", "Relative strength index.", options: [.integer("period", default: "14", "Bars.")]),
            Spec("atr", "Average true range.", options: [.integer("period", default: "14", "Bars.")]),
            Spec(
                "macd", "Moving average convergence.",
                options: [.integer("fast", default: "12", "Bars."), .integer("slow", default: "26", "Bars.")]),
        ], jobs: JobRegistry.specs)
    static let references = References(
        variable: { $0 == "FINNHUB_TOKEN" ? "hunter2" : nil }, file: { _ in nil })

    static func parse(_ text: String) throws(ConfigErrors) -> PipelineConfiguration {
        try PipelineConfiguration.parse(text, file: "p.yaml", components: components, references: references)
    }

    @Test func `objects are of one pipeline, and not of the partitions of a topic`() throws {
        let errors = try #require(throws: ConfigErrors.self) {
            try Self.parse(
                "journal:\n  kafka: { brokers: [\"127.0.0.1:9\"], topic: t }\nstate: s\nsinks:\n  - lake: { path: l }\n  - objects: { url: o }"
            )
        }
        #expect(errors.errors.map(\.line) == [6] && "\(errors)".contains("is the place of one pipeline"), "\(errors)")
    }

    @Test func `nothing configured is complete`() throws {
        let configuration = try PipelineConfiguration.default(Self.components)
        #expect(configuration.file == nil)
        #expect(configuration.name == "main")
        #expect(configuration.dataFolder == "data")
        #expect(configuration.feeds.isEmpty)
        #expect(configuration.journal.path == "data/journal")
        #expect(configuration.journal.fsyncNs == 5_000_000)
        #expect(configuration.journal.segmentBytes == 128 << 20)
        #expect(configuration.journal.retainNs == nil)
        #expect(configuration.journal.retainBytes == nil)
        #expect(configuration.bars.intervals.map(\.description) == ["1s", "1m", "1h", "1d"])
        #expect(configuration.bars.priceTypes == ["trade", "bid", "ask"])
        #expect(configuration.indicators.map(\.name) == ["sma(20)", "rsi(14)", "atr(14)"])
        #expect(configuration.latenessNs == 2_000_000_000)
        #expect(configuration.sinks.map(\.name) == ["lake"])
        #expect(configuration.serve.listen == ListenAddress("127.0.0.1:8080"))
        #expect(configuration.log.level == .info)
        #expect(configuration.log.format == nil)
    }

    @Test func `every section is read`() throws {
        let configuration = try Self.parse(
            """
            pipeline: crypto
            data: /srv/td
            feeds:
              - ticker: { token: ${FINNHUB_TOKEN}, symbols: [BINANCE:BTCUSDT, AAPL] }
              - ticker:
                  name: second
                  token: x
                  symbols: []
              - simulator
            journal: { fsync: 10ms, segment: 64MiB, retain: 7d, retain_bytes: 100GB }
            bars: { intervals: [1s, 5m], price_types: [trade] }
            indicators:
              - sma( 50 )
              - rsi
              - "macd(10, slow=30)"
              - atr: { period: 7 }
            lateness: 500ms
            sinks:
              - lake: { path: /srv/lake, flush: 10s, flush_rows: 5000 }
            serve: { listen: "[::1]:0", query_rows: 5, host_names: [td.example.org] }
            log: { level: debug, format: json }
            """)
        #expect(configuration.name == "crypto")
        #expect(configuration.feeds.map(\.name) == ["ticker", "second", "simulator"])
        #expect(configuration.feeds.map(\.kind) == ["ticker", "ticker", "simulator"])
        #expect(configuration.feeds[0].options.secret("token") == "hunter2")
        #expect(configuration.feeds[0].options.list("symbols") == ["BINANCE:BTCUSDT", "AAPL"])
        #expect(configuration.journal.path == "/srv/td/journal")
        #expect(configuration.journal.retainNs == 604_800_000_000_000)
        #expect(configuration.journal.retainBytes == 100_000_000_000)
        #expect(configuration.bars.intervals.map(\.description) == ["1s", "5m"])
        #expect(configuration.bars.priceTypes == ["trade"])
        #expect(configuration.indicators.map(\.name) == ["sma(50)", "rsi(14)", "macd(10,30)", "atr(7)"])
        #expect(configuration.latenessNs == 500_000_000)
        #expect(configuration.sinks[0].options.integer("flush_rows") == 5000)
        #expect(configuration.serve.listen.description == "[::1]:0")
        #expect(configuration.serve.queryRows == 5)
        #expect(configuration.serve.hostNames == ["td.example.org"])
        #expect(configuration.log.level == .debug)
        #expect(configuration.log.format == .json)
        #expect(!"\(configuration)".contains("hunter2"))
    }

    /// YAML and the messages it gives, in order.
    static let wrong: [(String, [String])] = [
        ("feed: []", ["p.yaml:1: unknown section `feed`; did you mean `feeds`?"]),
        ("- a", ["p.yaml:1: the file is a list, but takes sections; start with `pipeline: name`"]),
        ("feeds:\n  - tikcer: {}", ["p.yaml:2: unknown feed `tikcer`; did you mean `ticker`?"]),
        ("feeds:\n  - 7: {}", ["p.yaml:2: unknown feed `7`; known: `ticker`, `simulator`"]),
        (
            "feeds:\n  ticker: {}",
            ["p.yaml:2: `feeds` is a mapping, but takes a list; write `- ticker: …`, one entry per line"]
        ),
        (
            "feeds:\n  - simulator:\n    seed: 1",
            ["p.yaml:3: `seed` is not part of `simulator`; indent the options of `simulator` further than its name"]
        ),
        (
            "feeds:\n  - [simulator]",
            ["p.yaml:2: an entry of `feeds` is a list; write `- name` or `- name: { options }`"]
        ),
        (
            "feeds:\n  - simulator\n  - simulator: { seed: 2 }",
            ["p.yaml:3: `simulator` is there twice (first in line 2); add `name: …` to the options of one of them"]
        ),
        (
            "feeds:\n  - simulator: { name: 'a b' }",
            ["p.yaml:2: `name` of `simulator` is not a name; use letters, digits, `-` and `_`"]
        ),
        (
            "feeds:\n  - ticker: { symbls: [A], token: ${NOPE} }",
            [
                "p.yaml:2: ticker: unknown option `symbls`; did you mean `symbols`?",
                "p.yaml:2: ticker: `token`: environment variable `NOPE` is not set; set it, or write `${file:path}`",
                "p.yaml:2: ticker: `symbols` is missing; add `symbols: …`, a list of texts. Symbols, in the venue's own text.",
            ]
        ),
        (
            "bars:\n  - 1s\n  - 1x\n  - 1s\n  - 500ms\n  - 2d",
            [
                "p.yaml:3: bars: `intervals`: `1x` is not a bar interval; write a whole number and s, m or h, from `1s` to `24h`, or `1d` for trading days",
                "p.yaml:4: bars: `intervals`: `1s` is there twice; remove one",
                "p.yaml:5: bars: `intervals`: `500ms` is not a bar interval; write a whole number and s, m or h, from `1s` to `24h`, or `1d` for trading days",
                "p.yaml:6: bars: `intervals`: `2d` is not a bar interval; write a whole number and s, m or h, from `1s` to `24h`, or `1d` for trading days",
            ]
        ),
        ("indicators: [smaa(3)]", ["p.yaml:1: unknown indicator `smaa`; did you mean `sma`?"]),
        ("indicators: [sma(x)]", ["p.yaml:1: sma: `period`: `x` is not a whole number"]),
        ("indicators: [sma(1), \"sma( 1 )\"]", ["p.yaml:1: `sma(1)` is there twice; remove one"]),
        (
            "indicators: [macd(1, 2)]",
            [
                "p.yaml:1: `macd(1` has no closing parenthesis; quote a call with commas: `\"macd(1, …)\"`",
                "p.yaml:1: `2)` is the end of a call; quote a call with commas: `\"name(1, 2)\"`",
            ]
        ),
        ("indicators: sma(3)", ["p.yaml:1: `indicators` is text, but takes a list; write `indicators: [sma(20)]`"]),
        ("sinks: [laek]", ["p.yaml:1: unknown sink `laek`; did you mean `lake`?"]),
        ("journal: { segment: 1kB }", ["p.yaml:1: journal: `segment`: a segment holds at least 1MiB; write `128MiB`"]),
        (
            "serve: { listen: 0.0.0.0:80 }",
            [
                "p.yaml:1: serve: `listen`: `0.0.0.0:80` can be reached from other machines, without TLS and without authentication; listen on `127.0.0.1:80` and put a proxy that adds both in front"
            ]
        ),
        (
            "serve: { listen: here }",
            ["p.yaml:1: serve: `listen`: `here` is not an address and port; write `127.0.0.1:8080`"]
        ),
        (
            "serve: { query_rows: 0 }",
            ["p.yaml:1: serve: `query_rows`: `0` is out of range; write a number from 1 to 10000000"]
        ),
        (
            "pipeline: a/b",
            ["p.yaml:1: pipeline file: `pipeline`: `a/b` is not a name; use letters, digits, `-` and `_`"]
        ),
        (
            "log: { level: warn }",
            ["p.yaml:1: log: `level`: `warn` is not a choice; known: `debug`, `info`, `warning`, `error`"]
        ),
        (
            "lateness: 2\nserve: { lisen: x }\npipline: x\n",
            [
                "p.yaml:1: pipeline file: `lateness`: `2` is not a time span; add a unit: `2s` or `2ms`",
                "p.yaml:2: serve: unknown option `lisen`; did you mean `listen`?",
                "p.yaml:3: unknown section `pipline`; did you mean `pipeline`?",
            ]
        ),
        ("a: [", ["p.yaml:2: this is not YAML: while parsing a flow node, did not find expected node content"]),
    ]

    @Test(arguments: wrong)
    func `everything wrong is reported at once, by line, with what to write instead`(text: String, messages: [String]) {
        let errors = #expect(throws: ConfigErrors.self) { try Self.parse(text) }
        #expect(errors?.errors.map(\.description) == messages)
    }

    @Test(arguments: UInt64(0)..<200)
    func `a damaged file is read or refused with a line of the file`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var text = Array(ConfigurationSection.all.map(\.example).joined(separator: "\n").unicodeScalars)
        let pieces = Array("[]{}:,-\n \t'\"&*!|>%@`#?~\\$(){}a1\u{0}\u{85}\u{FEFF}é".unicodeScalars)
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            let place = Int.random(in: 0..<text.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: text.remove(at: place)
            case 1: text.insert(pieces[Int.random(in: 0..<pieces.count, using: &generator)], at: place)
            default: text[place] = pieces[Int.random(in: 0..<pieces.count, using: &generator)]
            }
        }
        let lines = text.count { $0 == "\n" || $0 == "\u{85}" } + 2
        do throws(ConfigErrors) {
            _ = try Self.parse(String(String.UnicodeScalarView(text)))
        } catch {
            for error in error.errors {
                #expect(error.file == "p.yaml")
                #expect((1...lines).contains(error.line ?? 1))
                #expect(!error.message.isEmpty)
            }
        }
    }

    @Test func `a file is read, and a missing one suggests its neighbour`() throws {
        let folder = TemporaryFolder()
        try "pipeline: x\n".write(toFile: folder.path + "/crypto.yaml", atomically: true, encoding: .utf8)
        let configuration = try PipelineConfiguration.load(folder.path + "/crypto.yaml", components: Self.components)
        #expect(configuration.name == "x")
        #expect(configuration.file == folder.path + "/crypto.yaml")
        let missing = #expect(throws: ConfigErrors.self) {
            try PipelineConfiguration.load(folder.path + "/crytpo.yaml", components: Self.components)
        }
        #expect(
            missing?.description == folder.path + "/crytpo.yaml: there is no such file; did you mean `crypto.yaml`?")
        let isFolder = #expect(throws: ConfigErrors.self) {
            try PipelineConfiguration.load(folder.path, components: Self.components)
        }
        #expect(isFolder?.description == "\(folder.path): this is a folder; name the pipeline file inside it")
        try Data([0x61, 0x3A, 0x20, 0xFF]).write(to: folder.url.appending(path: "latin.yaml"))
        let latin = #expect(throws: ConfigErrors.self) {
            try PipelineConfiguration.load(folder.path + "/latin.yaml", components: Self.components)
        }
        #expect(latin?.description == folder.path + "/latin.yaml: the file is not UTF-8 text; save it as UTF-8")
    }

    @Test(arguments: [
        ("127.0.0.1:8080", true), ("localhost:0", true), ("[::1]:80", true), (":9", true), ("127.9.9.9:1", true),
        ("0.0.0.0:80", false), ("[::]:80", false), ("10.0.0.1:80", false), ("127.evil.example:80", false),
        ("127.0.0.1.example:80", false),
    ])
    func `only loopback counts as loopback`(text: String, isLoopback: Bool) throws {
        #expect(try #require(ListenAddress(text)).isLoopback == isLoopback)
    }

    @Test(arguments: ["", "8080", "::1:80", "a:", "a:70000", "a:-1", "a:+1x"])
    func `what is no address is refused`(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test func `venues get the calendars that a file names`() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/mine.txt"
        try "calendar MINE\nclock Asia/Tokyo Tokyo\nhours 10:00-11:00\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        let text = "calendars: { file: \(path), venues: [HERE=MINE, US=FX, LSE=none] }"
        let calendars = try PipelineConfiguration.parse(text, file: nil, components: Registry.components).calendars
        #expect(calendars.calendar(venue: "HERE")?.code == "MINE" && calendars.calendar(venue: "US")?.code == "FX")
        #expect(calendars.calendar(venue: "LSE") == nil && calendars.calendar(venue: "JPX")?.code == "XTKS")
        let list = try PipelineConfiguration.parse("calendars: [X=FX]", file: nil, components: Registry.components)
        #expect(list.calendars.calendar(venue: "X")?.code == "FX")
    }

    @Test(arguments: ["[US]", "[=FX]", "[US=NOSUCH]", "{ file: /nowhere/at/all }"])
    func `calendars that cannot be are errors`(text: String) {
        #expect(throws: ConfigErrors.self) {
            try PipelineConfiguration.parse("calendars: \(text)", file: nil, components: Registry.components)
        }
    }

    @Test func `a journal in Kafka has a topic and a place for state`() throws {
        let configuration = try Self.parse(
            """
            journal:
              retain: 1d
              kafka: { brokers: ["a:1", "b:2"], topic: t, partitions: 24, copies: 3, settings: [socket.timeout.ms=5000] }
            state: /srv/state
            """)
        let topic = try #require(configuration.journal.topic)
        #expect(topic.name == "t" && topic.partitions == 24 && topic.copies == 3 && topic.group == nil)
        #expect(configuration.journal.retainNs == 86_400_000_000_000)
        #expect(configuration.state?.text("url") == "/srv/state")
        let settings = try topic.producerSettings()
        #expect(settings.value("bootstrap.servers") == "a:1,b:2" && settings.value("socket.timeout.ms") == "5000")
        #expect(settings.value("enable.idempotence") == "true" && settings.value("message.timeout.ms") == "0")
        #expect(
            try Self.parse("state: { url: s3://b/f, region: eu-central-1 }").state?.text("region") == "eu-central-1")
        #expect(try Self.parse("journal: { fsync: 1ms, kafka: }").journal.topic == nil)
        var overrides = PipelineConfiguration.Overrides()
        overrides.dataFolder = "elsewhere"
        let moved = try configuration.applying(overrides, Self.components)
        #expect(moved.journal.topic?.name == "t" && moved.state != nil && moved.journal.path == "elsewhere/journal")
    }

    @Test(arguments: [
        ("journal:\n  kafka: { brokers: [a:1] }", 2, "needs `state`"),
        ("state: s\njournal:\n  kafka:\n    topic: t", 4, "brokers"),
        ("state: s\njournal:\n  kafka:\n    brokers: [a:1]\n    partitions: 0", 5, "between 1 and 4096"),
        ("state: s\njournal:\n  kafka:\n    brokers: [a:1]\n    topic: a b", 5, "cannot be the name"),
        ("state: s\njournal:\n  kafka:\n    brokers: [a:1]\n    settings: [acks=0]", 5, "delivery rests on it"),
        ("state: s\njournal:\n  kafka:\n    brokers: [a:1]\n    settings: [group.id=g]", 5, "option `group`"),
        ("state: s\njournal:\n  kafka:\n    brokers: [a:1]\n    partition: 3", 5, "partitions"),
        ("state: { region: eu-central-1 }", 1, "url"),
    ])
    func `mistakes in a journal in Kafka have their line`(text: String, line: Int, words: String) {
        do throws(ConfigErrors) {
            _ = try Self.parse(text)
            Issue.record("nothing was wrong")
        } catch {
            #expect(error.errors.contains { $0.line == line && "\($0)".contains(words) }, "\(error)")
        }
    }
}
