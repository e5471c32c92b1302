/// Finds what somebody probably meant.
public enum Suggestion {
    /// The candidate most like `text`; nil where none is close.
    public static func nearest(to text: String, among candidates: [String]) -> String? {
        let wanted = normal(text)
        guard !wanted.isEmpty else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let offered = normal(candidate)
            let distance = distance(wanted, offered)
            // A third of the letters may differ; short names must match better.
            guard distance <= max(1, min(wanted.count, offered.count) / 3) else { continue }
            if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// ``did you mean `symbols`?``, or the list of what there is where nothing is close and the list is short.
    public static func sentence(for text: String, among candidates: [String]) -> String? {
        if let nearest = nearest(to: text, among: candidates) { return "did you mean `\(nearest)`?" }
        guard !candidates.isEmpty else { return nil }
        let shown = candidates.prefix(16).map { "`\($0)`" }.joined(separator: ", ")
        return "known: \(shown)\(candidates.count > 16 ? ", …" : "")"
    }

    /// Case and the mark between words are not what differs.
    private static func normal(_ text: String) -> [Character] {
        Array(text.prefix(64).lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " })
    }

    /// Insertions, deletions, substitutions and swaps of neighbours between two texts.
    ///
    /// - Source: optimal string alignment distance (Damerau 1964, restricted form).
    /// - Complexity: product of the lengths.
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1] + [Int](repeating: 0, count: right.count)
            for (column, other) in right.enumerated() {
                var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current[column + 1] = cost
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
