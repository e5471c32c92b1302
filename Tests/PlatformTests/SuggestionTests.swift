import Platform
import Testing

struct SuggestionTests {
    @Test(arguments: [
        ("symbls", "symbols"), ("symbol", "symbols"), ("SYMBOLS", "symbols"), ("sybmols", "symbols"),
        ("retain-bytes", "retain_bytes"), ("retainbytes", "retain_bytes"), ("paht", "path"), ("tokn", "token"),
    ])
    func `a slip finds what was meant`(text: String, meant: String) {
        let candidates = ["token", "symbols", "path", "retain", "retain_bytes"]
        #expect(Suggestion.nearest(to: text, among: candidates) == meant)
    }

    @Test(arguments: ["", "x", "completely_different", String(repeating: "a", count: 100_000)])
    func `what is far from everything finds nothing`(text: String) {
        #expect(Suggestion.nearest(to: text, among: ["token", "symbols", "path"]) == nil)
    }
}
