import Objects
import TestKit
import Testing

@Suite struct XMLElementTests {
    private func read(_ text: String) -> XMLElement? { XMLElement(document: Array(text.utf8)) }

    @Test func `elements, text, references and what is written around them are read`() throws {
        let root = try #require(
            read(
                """
                \u{feff}<?xml version="1.0" encoding="UTF-8"?><!-- <a> -->
                <s3:List xmlns:s3='urn:x' a = "1>2"><Key>a&amp;b&lt;&#x20AC;&#65;</Key><Empty/><Empty b='/'/>
                <Key><![CDATA[<&amp;]]>!<!-- no --></Key ></s3:List>

                """))
        #expect(root.name == "List" && root.children.map(\.name) == ["Key", "Empty", "Empty", "Key"])
        #expect(root.all("Key").map(\.text) == ["a&b<€A", "<&amp;!"] && root["Empty"]?.text == "")
        #expect(root["Nothing"] == nil)
    }

    @Test(arguments: [
        "", " ", "a", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a/>x", "<a><b></a></b>", "<a b></a>", "<a b=c/>",
        "<a b='/>",
        "<a>&nbsp;</a>", "<a>&#xD800;</a>", "<a>&#99999999;</a>", "<a>&amp</a>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
        "<a><![CDATA[x</a>", "<a><!-- </a>", "<a", "<a/", "<>x</>", "<?xml", "<![CDATA[x]]>", "< a/>",
    ])
    func `what is not well-formed is no document`(_ text: String) { #expect(read(text) == nil) }

    @Test func `text that is not UTF-8 is no document`() {
        #expect(XMLElement(document: Array("<a>".utf8) + [0xff] + Array("</a>".utf8)) == nil)
    }

    @Test func `depth is bounded, width is not`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(read(nested(32)) != nil && read(nested(33)) == nil && read(nested(100_000)) == nil)
        let wide = try #require(read("<a>" + String(repeating: "<b>x</b>", count: 20_000) + "</a>"))
        #expect(wide.children.count == 20_000)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `whatever bytes are changed, it ends, and no part of a document is a document`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let whole = Array("<r x='1'><Key>a&amp;b</Key><Size>12</Size><!--c--><![CDATA[d]]></r>".utf8)
        #expect(XMLElement(document: Array(whole.prefix(Int.random(in: 0..<whole.count, using: &random)))) == nil)
        var changed = whole
        for _ in 0..<3 {
            let place = changed.indices.randomElement(using: &random) ?? 0
            changed[place] = Array("<>&;/!-[]'\" \u{0}".utf8).randomElement(using: &random) ?? 0
        }
        if let root = XMLElement(document: changed) { #expect(root.children.count <= 8) }
    }
}
