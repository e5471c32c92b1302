/// Names of segment files: the first offset as 20 digits.
enum SegmentName {
    static let ending = ".journal"

    static func text(_ firstOffset: Offset) -> String {
        let digits = String(firstOffset)
        return String(repeating: "0", count: 20 - digits.count) + digits + ending
    }

    /// The first offset in a file name; nil where it is not the name of a segment.
    static func firstOffset(_ name: String) -> Offset? {
        guard name.hasSuffix(ending), name.utf8.count == 20 + ending.utf8.count else { return nil }
        let digits = name.dropLast(ending.count)
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return Offset(digits)
    }
}
