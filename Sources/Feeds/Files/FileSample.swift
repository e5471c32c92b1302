internal import Foundation
internal import Platform

/// What is looked at to tell the format of a file: its path and its first bytes.
struct FileSample: Sendable {
    /// The folders above it and its name, from the root of the file system.
    let components: [String]
    /// The first bytes, unpacked.
    let head: [UInt8]
    /// The first lines, at most 50, without line breaks; none where the file is not text.
    let lines: [String]
    /// What was found out at other files of the same search.
    let memory: SampleMemory
    /// How many bytes are looked at.
    static let headBytes = 64 << 10

    init(path: String, head: [UInt8], memory: SampleMemory) {
        self.memory = memory
        components = path.split(separator: "/").map(String.init)
        self.head = head
        let text = head.starts(with: [0xef, 0xbb, 0xbf]) ? head.dropFirst(3) : head[...]
        guard !text.contains(0) else {
            lines = []
            return
        }
        lines = text.split(separator: 10, maxSplits: 50, omittingEmptySubsequences: true).prefix(50).map { line in
            String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
        }
    }

    /// The path of the folder `above` levels over the file.
    func folderPath(_ above: Int) -> String { "/" + components.dropLast(above).joined(separator: "/") }

    /// Its name with all endings.
    var name: String { components.last ?? "" }

    /// Its name without folders and endings such as `.csv.gz`.
    var stem: String { Self.stem(name) }

    /// True where a folder over the file, or its name, has `word` in it, in capitals or not.
    func isNamed(_ word: String) -> Bool {
        components.contains { $0.range(of: word, options: .caseInsensitive) != nil }
    }

    /// The folder `above` levels over the file; 1 is the one it lies in.
    func folder(_ above: Int) -> String? {
        components.count > above ? components[components.count - 1 - above] : nil
    }

    /// Endings that say how a file is packed or written, not what it is.
    private static let endings = [
        ".gz", ".zip", ".xz", ".csv", ".tsv", ".txt", ".jsonl", ".json", ".ndjson", ".log", ".parquet", ".bi5",
    ]

    static func stem(_ name: String) -> String {
        var stem = Substring(name)
        while let ending = endings.first(where: { stem.lowercased().hasSuffix($0) }) {
            stem = stem.dropLast(ending.count)
        }
        return String(stem)
    }

    /// The first day written in a text as `20131007` or `2013-10-07`, or month written as `2013-10`, and the text
    /// without it and the mark before or behind it.
    static func date(in text: String) -> (date: CivilDate, rest: String)? {
        let characters = Array(text)
        for length in [10, 8, 7] where characters.count >= length {
            for start in 0...characters.count - length {
                let end = start + length
                let isAlone =
                    (start == 0 || !characters[start - 1].isNumber)
                    && (end == characters.count || !characters[end].isNumber)
                let written = String(characters[start..<end])
                guard isAlone, length != 7 || characters[start + 4] == "-",
                    let date = CivilDate(length == 7 ? written + "-01" : written),
                    date.components.year >= 1900
                else {
                    continue
                }
                var before = characters[..<start], behind = characters[end...]
                if let mark = behind.first, "_-.".contains(mark) {
                    behind.removeFirst()
                } else if let mark = before.last, "_-.".contains(mark) {
                    before.removeLast()
                }
                return (date, String(before + behind))
            }
        }
        return nil
    }
}

/// What presets remember while the files of a folder are searched, so that what stands beside many files is read once.
///
/// - Threading: one thread at a time.
final class SampleMemory: @unchecked Sendable {  // one search, one thread
    private var values: [String: Any] = [:]

    /// The value of a key; made where it is not known.
    func value<Value>(_ key: String, _ make: () -> Value) -> Value {
        if let known = values[key] as? Value { return known }
        let made = make()
        values[key] = made
        return made
    }
}
