/// Reads those lines of a log that add or remove a file, which nearly all do.
///
/// It takes only what it fully understands, in the plain form that writers use; whatever else a line may say, and every fault,
/// is left to `JSONDecoder`. So both read the same, and this one is many times faster.
///
/// - Source: RFC 8259; Delta transaction log protocol, "Add File and Remove File".
struct FileLineReader {
    private var place = 0
    private var end = 0
    /// A bit for each member that the line had so far.
    private var seen = 0
    /// Room for texts that have escapes.
    private var plain: [UInt8] = []
    private var shared = SharedValues()

    /// Where the line ends that begins at a place.
    func lineEnd(_ text: Span<UInt8>, from start: Int) -> Int {
        unsafe text.withUnsafeBufferPointer { bytes in
            var place = start
            while place < bytes.count, unsafe bytes[place] != UInt8(ascii: "\n") { place += 1 }
            return place
        }
    }

    /// The action of a line; nil where another must read it.
    mutating func action(_ text: Span<UInt8>, _ line: Range<Int>) -> DeltaAction? {
        (place, end, seen) = (line.lowerBound, line.upperBound, 0)
        var members = FileMembers()
        guard take("{", text), let kind = string(text), take(":", text),
            object(text, { reader, name in reader.member(name, text, &members) }), take("}", text), isAtEnd(text)
        else { return nil }
        switch kind {
        case "add": return AddFile(members).map { DeltaAction(add: $0) }
        case "remove": return RemoveFile(members).map { DeltaAction(remove: $0) }
        default: return nil
        }
    }

    private mutating func member(_ name: String, _ text: Span<UInt8>, _ members: inout FileMembers) -> Bool {
        switch name {
        case "path": read(0, text, &members.path) { $0.string(text) }
        case "partitionValues": read(1, text, &members.partitionValues) { $0.object(text) }
        case "size": read(2, text, &members.size) { $0.integer(text) }
        case "modificationTime": read(3, text, &members.modificationTime) { $0.integer(text) }
        case "dataChange": read(4, text, &members.dataChange) { $0.boolean(text) }
        case "stats": read(5, text, &members.stats) { $0.string(text) }
        case "tags": read(6, text, &members.tags) { $0.object(text) }
        case "deletionTimestamp": read(7, text, &members.deletionTimestamp) { $0.integer(text) }
        case "extendedFileMetadata": read(8, text, &members.extendedFileMetadata) { $0.boolean(text) }
        default: take("null", text)
        }
    }

    /// Reads the value of a member, or its absence; false for what is not of its type, and a second one.
    private mutating func read<T>(
        _ number: Int, _ text: Span<UInt8>, _ value: inout T?, _ body: (inout Self) -> T?
    ) -> Bool {
        guard seen & 1 << number == 0 else { return false }
        seen |= 1 << number
        if take("null", text) { return true }
        value = body(&self)
        return value != nil
    }

    /// An object whose values are texts or null.
    private mutating func object(_ text: Span<UInt8>) -> [String: String?]? {
        var values: [String: String?] = [:]
        let isPlain = object(text) { reader, name in
            if reader.take("null", text) { return values.updateValue(String?.none, forKey: name) == nil }
            guard let value = reader.string(text) else { return false }
            return values.updateValue(value, forKey: name) == nil
        }
        return isPlain ? shared.same(values) : nil
    }

    /// Reads an object; false where it is not one, or the body gives false for the name of a member, whose value it reads.
    private mutating func object(_ text: Span<UInt8>, _ body: (inout Self, String) -> Bool) -> Bool {
        guard take("{", text) else { return false }
        if take("}", text) { return true }
        repeat {
            guard let name = string(text), take(":", text), body(&self, name) else { return false }
        } while take(",", text)
        return take("}", text)
    }

    private mutating func string(_ text: Span<UInt8>) -> String? {
        guard take("\"", text) else { return nil }
        let start = place
        skipPlain(text)
        guard place < end else { return nil }
        if text[place] == UInt8(ascii: "\"") {
            place += 1
            return Self.string(text.extracting(start..<place - 1))
        }
        return escapedString(text, from: start)
    }

    /// Goes to the next byte that is not just a part of a text.
    private mutating func skipPlain(_ text: Span<UInt8>) {
        place = unsafe text.withUnsafeBufferPointer { bytes in
            var place = place
            while place < end, Self.isPlain(unsafe bytes[place]) { place += 1 }
            return place
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Goes on at the first escape of a string.
    private mutating func escapedString(_ text: Span<UInt8>, from start: Int) -> String? {
        if plain.count < end - start { plain = [UInt8](repeating: 0, count: end - start) }
        var count = 0
        let last = unsafe text.withUnsafeBufferPointer { bytes -> Int? in
            unsafe plain.withUnsafeMutableBufferPointer { plain in
                var place = start
                while place < end {
                    var byte = unsafe bytes[place]
                    place += 1
                    if !Self.isPlain(byte) {
                        if byte == UInt8(ascii: "\"") { return place }
                        guard byte == UInt8(ascii: "\\"), place < end, let other = Self.unescaped(unsafe bytes[place])
                        else { return nil }
                        byte = other
                        place += 1
                    }
                    unsafe plain[count] = byte
                    count += 1
                }
                return nil
            }
        }
        guard let last else { return nil }
        place = last
        return Self.string(plain.span.extracting(0..<count))
    }

    /// What a letter behind a backslash stands for; nil for numbers of characters.
    private static func unescaped(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "n"): 0x0a
        case UInt8(ascii: "r"): 0x0d
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0c
        default: nil
        }
    }

    /// Nil where it is not UTF-8.
    private static func string(_ bytes: Span<UInt8>) -> String? {
        do { return String(copying: try UTF8Span(validating: bytes)) } catch { return nil }
    }

    /// A whole number without a fraction or an exponent, of up to 18 digits.
    private mutating func integer(_ text: Span<UInt8>) -> Int64? {
        let isNegative = take("-", text)
        var value: Int64 = 0
        let start = place
        while place < end, (0x30...0x39).contains(text[place]), place - start < 19 {
            value = value &* 10 &+ Int64(text[place] & 15)
            place += 1
        }
        let digits = place - start
        guard (1...18).contains(digits), text[start] != 0x30 || digits == 1 && !isNegative else { return nil }
        return isNegative ? -value : value
    }

    private mutating func boolean(_ text: Span<UInt8>) -> Bool? {
        take("true", text) ? true : take("false", text) ? false : nil
    }

    private mutating func take(_ word: StaticString, _ text: Span<UInt8>) -> Bool {
        skipSpace(text)
        let count = word.utf8CodeUnitCount
        guard end - place >= count else { return false }
        for index in 0..<count where unsafe word.utf8Start[index] != text[place + index] { return false }
        place += count
        return true
    }

    private mutating func isAtEnd(_ text: Span<UInt8>) -> Bool {
        skipSpace(text)
        return place == end
    }

    private mutating func skipSpace(_ text: Span<UInt8>) {
        while place < end, Self.isSpace(text[place]) { place += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte <= 0x20 && (byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09)
    }
}
