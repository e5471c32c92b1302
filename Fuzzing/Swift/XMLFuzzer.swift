import Objects

/// What an object store answers.
struct XMLFuzzer: FuzzTarget {
    static let name = "xml"

    func run(_ input: [UInt8]) {
        guard let root = XMLElement(document: input) else { return }
        var count = 0
        look(at: root, depth: 1, &count)
        require(count <= input.count, "more elements than bytes")
        let text = "<?xml version=\"1.0\"?>\n" + written(root)
        require(XMLElement(document: Array(text.utf8)) == root, "not the same when it is read again")
    }

    private func look(at element: XMLElement, depth: Int, _ count: inout Int) {
        count += 1
        require(depth <= 33 && !element.name.isEmpty, "depth \(depth)")
        require(element.name.utf8.allSatisfy { !"<>/='\"& \t\r\n:".utf8.contains($0) }, "name \(element.name)")
        for child in element.children { look(at: child, depth: depth + 1, &count) }
    }

    /// Its text before its elements: where they were mixed does not matter.
    private func written(_ element: XMLElement) -> String {
        let text = element.text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return "<\(element.name)>\(text)\(element.children.map(written).joined())</\(element.name)>"
    }

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><Contents><Key>a+b%2F</Key><Size>12</Size><ETag>&quot;0-2&quot;</ETag></Contents></ListBucketResult>",
            "<Error><Code>SlowDown</Code><Message>a&amp;b &#x20AC;&#65;</Message></Error>",
            "\u{feff}<!-- c --><a:b c='d' e = \"f>\"><![CDATA[<x>]]><g/><h ></h ></a:b>\n", "<a><?p?><b>&lt;</b></a>",
        ].map { Array($0.utf8) }
    }
}
