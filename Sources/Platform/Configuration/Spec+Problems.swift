extension Spec {
    /// What is wrong with the declaration itself; empty where all is well. Registries test their specs with it.
    ///
    /// A spec needs a sentence about itself and each option, names in lower case with `_`, each once, and defaults that
    /// are values of their options.
    public var problems: [String] {
        var found: [String] = []
        if !Self.isName(name) { found.append("`\(name)` is not a name") }
        if !Self.isSentence(summary) { found.append("\(name): the summary is no sentence") }
        var seen: Set<String> = []
        for option in options {
            let place = "\(name): `\(option.name)`"
            if !Self.isName(option.name) { found.append("\(place) is not a name") }
            if !seen.insert(option.name).inserted { found.append("\(place) is there twice") }
            if !Self.isSentence(option.summary) { found.append("\(place): the summary is no sentence") }
            // A default that refers to the environment can be judged only where that is known.
            guard let text = option.defaultText, !text.contains("${") else { continue }
            do {
                let none = References(variable: { _ in nil }, file: { _ in nil })
                let value = try OptionValue.byDefault(option, references: none)
                if !text.isEmpty { try value?.checkChoices(option, written: text) }
            } catch {
                found.append("\(place): the default: \(error.message)")
            }
        }
        return found
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "a"..."z", "0"..."9", "_", "-": true
                default: false
                }
            }
    }

    private static func isSentence(_ text: String) -> Bool { text.count > 3 && text.last == "." }
}
