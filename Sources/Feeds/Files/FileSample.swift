internal import Platform

/// What is looked at to tell the format of a file: its path and its first lines.
struct FileSample: Sendable {
    /// The folders above it and its name, from the root of the file system.
    let components: [String]
    /// The first lines, without line breaks.
    let lines: [String]

    init(path: String, lines: [String]) {
        components = path.split(separator: "/").map(String.init)
        self.lines = lines
    }

    /// Its name without folders and endings such as `.csv.gz`.
    var stem: String { Self.stem(components.last ?? "") }

    /// The folder `above` levels over the file; 1 is the one it lies in.
    func folder(_ above: Int) -> String? {
        components.count > above ? components[components.count - 1 - above] : nil
    }

    /// Endings that say how a file is packed or written, not what it is.
    private static let endings = [
        ".gz", ".zip", ".csv", ".tsv", ".txt", ".jsonl", ".json", ".ndjson", ".log", ".parquet",
    ]

    static func stem(_ name: String) -> String {
        var stem = Substring(name)
        while let ending = endings.first(where: { stem.lowercased().hasSuffix($0) }) {
            stem = stem.dropLast(ending.count)
        }
        return String(stem)
    }

    /// The first day written in a text as `20131007` or `2013-10-07`, and the text without it and the mark before
    /// or behind it.
    static func date(in text: String) -> (date: CivilDate, rest: String)? {
        let characters = Array(text)
        for length in [10, 8] where characters.count >= length {
            for start in 0...characters.count - length {
                let end = start + length
                let isAlone =
                    (start == 0 || !characters[start - 1].isNumber)
                    && (end == characters.count || !characters[end].isNumber)
                guard isAlone, let date = CivilDate(String(characters[start..<end])), date.components.year >= 1900
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
