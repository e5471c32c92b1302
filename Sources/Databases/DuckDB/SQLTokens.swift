/// The tokens of a SQL text that DuckDB's parser accepts, as ranges of its bytes, without white space and comments.
struct SQLTokens: IteratorProtocol {
    private let text: [UInt8]
    private var place: Int

    init(_ text: [UInt8], from place: Int) {
        self.text = text
        self.place = place
    }

    mutating func next() -> Range<Int>? {
        skipSpace()
        guard place < text.count else { return nil }
        let start = place
        switch text[place] {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): skipQuoted(escapes: false)
        case UInt8(ascii: "e"), UInt8(ascii: "E"):
            if at(place + 1) == UInt8(ascii: "'") {
                place += 1
                skipQuoted(escapes: true)
            } else {
                skipWord()
            }
        case UInt8(ascii: "$"): if !skipDollarQuoted() { skipWord() }
        case UInt8(ascii: "="): place += at(place + 1) == UInt8(ascii: ">") ? 2 : 1
        case let byte where Self.isWord(byte): skipWord()
        default: place += 1
        }
        return start..<place
    }

    private func at(_ place: Int) -> UInt8? { place < text.count ? text[place] : nil }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }

    private mutating func skipWord() {
        repeat { place += 1 } while at(place).map(Self.isWord) ?? false
    }

    private mutating func skipSpace() {
        while let byte = at(place) {
            if byte == UInt8(ascii: " ") || (0x09...0x0d).contains(byte) {
                place += 1
            } else if byte == UInt8(ascii: "-"), at(place + 1) == byte {
                while let byte = at(place), byte != 0x0a { place += 1 }
            } else if byte == UInt8(ascii: "/"), at(place + 1) == UInt8(ascii: "*") {
                skipComment()
            } else {
                return
            }
        }
    }

    /// Comments stand in comments, as in PostgreSQL.
    private mutating func skipComment() {
        var depth = 0
        repeat {
            if at(place) == UInt8(ascii: "/"), at(place + 1) == UInt8(ascii: "*") {
                depth += 1
                place += 2
            } else if at(place) == UInt8(ascii: "*"), at(place + 1) == UInt8(ascii: "/") {
                depth -= 1
                place += 2
            } else {
                place += 1
            }
        } while depth > 0 && place < text.count
    }

    /// A quote inside is there twice; with escapes, also behind a backslash.
    private mutating func skipQuoted(escapes: Bool) {
        let quote = text[place]
        place += 1
        while let byte = at(place) {
            place += 1
            if escapes, byte == UInt8(ascii: "\\") {
                place += 1
            } else if byte == quote {
                guard at(place) == quote else { return }
                place += 1
            }
        }
    }

    /// `$$text$$`, `$tag$text$tag$`.
    private mutating func skipDollarQuoted() -> Bool {
        guard let end = text[(place + 1)...].firstIndex(of: UInt8(ascii: "$")) else { return false }
        let tag = text[place...end]
        guard tag.dropFirst().dropLast().allSatisfy(Self.isWord) else { return false }
        var rest = end + 1
        while rest + tag.count <= text.count {
            if text[rest..<rest + tag.count] == tag {
                place = rest + tag.count
                return true
            }
            rest += 1
        }
        return false
    }
}
