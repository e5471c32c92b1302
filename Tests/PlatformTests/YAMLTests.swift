import Platform
import Testing

struct YAMLTests {
    @Test func `a document keeps order, lines and columns`() throws {
        let root = try YAML.parse("b: 1\na:\n  - x\n  - {k: 'v'}\n")
        let entries = try #require(root.mapping)
        #expect(entries.map(\.key) == ["b", "a"])
        #expect(entries.map(\.line) == [1, 2])
        let list = try #require(root["a"]?.sequence)
        #expect(list.map(\.line) == [3, 4])
        #expect(list[1]["k"]?.text == "v")
        #expect(list[1]["k"]?.column == 9)
        guard case .scalar(_, .quoted, nil) = list[1]["k"]?.content else {
            Issue.record("the style is lost")
            return
        }
    }

    @Test(arguments: ["", "# only a comment\n", "---\n", "~", "null"])
    func `nothing reads as null`(text: String) throws {
        #expect(try YAML.parse(text).isNull)
    }

    @Test func `quoted null is text`() throws {
        #expect(try YAML.parse("a: 'null'")["a"]?.isNull == false)
    }

    @Test func `a reference may stand unquoted inside braces`() throws {
        let root = try YAML.parse("a: { token: ${TOKEN}, file: ${file:/run/secrets/x y}, last: 1 }\nb: \"${Z}\"")
        let options = try #require(root["a"])
        #expect(options["token"]?.text == "${TOKEN}")
        #expect(options["file"]?.text == "${file:/run/secrets/x y}")
        #expect(options["last"]?.column == 61)
        #expect(root["b"]?.text == "${Z}")
    }

    @Test func `an alias stands for its anchor at its own line`() throws {
        let root = try YAML.parse("a: &x [1, 2]\nb: *x\n")
        #expect(root["b"]?.sequence?.map(\.text) == ["1", "2"])
        #expect(root["b"]?.line == 2)
    }

    /// Texts and the messages they give, each `file:line: message; suggestion`.
    static let wrong: [(String, String)] = [
        ("a: 1\nb: 2\na: 3\n", "p.yaml:3: `a` is written twice (first in line 1); keep one of them"),
        ("a: 1\n---\nb: 2\n", "p.yaml:2: a second document starts here; keep one pipeline per file"),
        ("a: *x\n", "p.yaml:1: `*x` stands for nothing; write `&x` before the value it stands for"),
        ("a: &x [*x]\n", "p.yaml:1: `*x` stands for nothing; write `&x` before the value it stands for"),
        ("? [a]\n: 1\n", "p.yaml:1: a key is a list or a mapping; keys are text"),
        (
            "a:\n\tb: 1\n",
            "p.yaml:2: this is not YAML: while scanning for the next token, found character that cannot "
                + "start any token; indent with spaces, and quote text that starts with % @ or `"
        ),
        (
            "a: b: c\n",
            "p.yaml:1: this is not YAML: mapping values are not allowed in this context; check the "
                + "indentation, and quote text that contains a colon and a space"
        ),
        ("a: 1\nb: \u{F0041}\n", "p.yaml:2: a private-use character (U+F0000 to U+F00FF) is not allowed"),
        ("a: 1\nb: \u{0}\n", "p.yaml:2: this is not YAML: control characters are not allowed"),
    ]

    @Test(arguments: wrong)
    func `what is not YAML is refused with its line`(text: String, message: String) {
        #expect(Self.message(text) == message)
    }

    @Test func `an unclosed list names a line`() throws {
        let message = try #require(Self.message("a: [1,\n  2\n"))
        #expect(message.hasSuffix("check that every bracket and brace is closed"))
    }

    @Test func `aliases cannot multiply without bound`() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }
        #expect(Self.message(text) == "p.yaml:5: more than 100000 values, counting what aliases stand for")
    }

    @Test(arguments: ["[", "{a: ", "- "])
    func `nesting is bounded`(opening: String) throws {
        let message = try #require(Self.message(String(repeating: opening, count: 100_000)))
        #expect(message.hasPrefix("p.yaml:1: more than 32 levels inside each other"))
    }

    @Test func `size is bounded`() {
        let text = String(repeating: "#", count: (1 << 20) + 1)
        #expect(
            Self.message(text) == "p.yaml: the file has 1048577 bytes, more than the 1048576 that are read; split it")
    }

    private static func message(_ text: String) -> String? {
        do {
            _ = try YAML.parse(text, file: "p.yaml")
            return nil
        } catch {
            return error.description
        }
    }
}
