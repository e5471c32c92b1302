/// Reads one XML document, see `XMLElement`.
struct XMLReader {
    private let bytes: [UInt8]
    private var place = 0
    /// Elements that began and did not end.
    private var open: [XMLElement] = []
    private var root: XMLElement?
    private static let depthMax = 32

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { place = 3 }
    }

    /// The document's element; nil where it is not well-formed.
    mutating func read() -> XMLElement? {
        while place < bytes.count {
            let isRead = bytes[place] == UInt8(ascii: "<") ? readMarkup() : readText()
            guard isRead else { return nil }
        }
        return open.isEmpty ? root : nil
    }

    private func isNext(_ text: StaticString) -> Bool {
        text.utf8CodeUnitCount <= bytes.count - place
            && text.withUTF8Buffer { unsafe $0.elementsEqual(bytes[place..<place + $0.count]) }
    }

    /// Goes past the next `text`; the place where it begins, nil where there is none.
    private mutating func skip(past text: StaticString) -> Int? {
        while place < bytes.count {
            if isNext(text) {
                defer { place += text.utf8CodeUnitCount }
                return place
            }
            place += 1
        }
        return nil
    }

    private mutating func readText() -> Bool {
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "<") { place += 1 }
        let isBlank = bytes[start..<place].allSatisfy(Self.isBlank)
        if open.isEmpty { return isBlank }
        guard let text = Self.resolved(bytes[start..<place]) else { return false }
        open[open.count - 1].text += text
        return true
    }

    private mutating func readMarkup() -> Bool {
        if isNext("<?") { return skip(past: "?>") != nil }
        if isNext("<!--") {
            place += 4
            return skip(past: "-->") != nil
        }
        if isNext("<![CDATA[") {
            place += 9
            let start = place
            guard !open.isEmpty, let end = skip(past: "]]>"),
                let text = String(validating: bytes[start..<end], as: UTF8.self)
            else { return false }
            open[open.count - 1].text += text
            return true
        }
        if isNext("<!") { return false }
        return isNext("</") ? readEnd() : readStart()
    }

    private mutating func readEnd() -> Bool {
        place += 2
        guard let name = readName(), let element = open.popLast(), element.name == name else { return false }
        skipBlanks()
        guard place < bytes.count, bytes[place] == UInt8(ascii: ">") else { return false }
        place += 1
        close(element)
        return true
    }

    private mutating func readStart() -> Bool {
        place += 1
        guard let name = readName(), open.count < Self.depthMax, root == nil else { return false }
        while true {
            skipBlanks()
            guard place < bytes.count else { return false }
            if bytes[place] == UInt8(ascii: ">") {
                place += 1
                open.append(XMLElement(name: name))
                return true
            }
            if isNext("/>") {
                place += 2
                close(XMLElement(name: name))
                return true
            }
            guard skipAttribute() else { return false }
        }
    }

    private mutating func close(_ element: XMLElement) {
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }

    private mutating func skipAttribute() -> Bool {
        guard readName() != nil else { return false }
        skipBlanks()
        guard place < bytes.count, bytes[place] == UInt8(ascii: "=") else { return false }
        place += 1
        skipBlanks()
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") || bytes[place] == UInt8(ascii: "'") else {
            return false
        }
        let quote = bytes[place]
        place += 1
        while place < bytes.count, bytes[place] != quote { place += 1 }
        place += 1
        return place <= bytes.count
    }

    /// A name, without what stands before its colon.
    private mutating func readName() -> String? {
        let start = place
        while place < bytes.count, !Self.isBlank(bytes[place]), !"<>/='\"&".utf8.contains(bytes[place]) { place += 1 }
        let local = bytes[start..<place].split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).last
        guard let local, !local.isEmpty else { return nil }
        return String(validating: local, as: UTF8.self)
    }

    private mutating func skipBlanks() { while place < bytes.count, Self.isBlank(bytes[place]) { place += 1 } }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...10).contains(byte) || byte == 13 }

    /// Text without its references; nil where one is none that is known, or the text is not UTF-8.
    private static func resolved(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.contains(UInt8(ascii: "&")) else { return String(validating: bytes, as: UTF8.self) }
        var text: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "&") else {
                text.append(byte)
                continue
            }
            guard let end = rest.prefix(12).firstIndex(of: UInt8(ascii: ";")),
                let scalar = scalar(String(decoding: rest[..<end], as: UTF8.self))
            else { return nil }
            text += Array(String(scalar).utf8)
            rest = rest[(end + 1)...]
        }
        return String(validating: text, as: UTF8.self)
    }

    private static let named: [String: Unicode.Scalar] = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]

    private static func scalar(_ reference: String) -> Unicode.Scalar? {
        if let scalar = named[reference] { return scalar }
        guard reference.hasPrefix("#") else { return nil }
        let isHexadecimal = reference.hasPrefix("#x")
        return UInt32(reference.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10)
            .flatMap(Unicode.Scalar.init)
    }
}
