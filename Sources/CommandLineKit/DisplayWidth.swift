/// How text fills columns of a terminal.
public enum DisplayWidth {
    /// Columns that `text` takes: 2 for East Asian wide characters and emoji, 0 for combining marks.
    ///
    /// - Source: Unicode Standard Annex 11, East Asian Width, by blocks (Unicode 15).
    public static func of(_ text: some StringProtocol) -> Int { text.reduce(0) { $0 + width($1) } }

    /// `text` cut to `columns`, with `…` in place of what is cut.
    public static func truncated(_ text: String, to columns: Int) -> String {
        guard of(text) > columns else { return text }
        guard columns > 0 else { return "" }
        var result = ""
        var used = 1
        for character in text {
            used += width(character)
            guard used <= columns else { break }
            result.append(character)
        }
        return result + "…"
    }

    /// `text` with blanks up to `columns`.
    public static func padded(_ text: String, to columns: Int, right: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, columns - of(text)))
        return right ? blanks + text : text + blanks
    }

    /// `text` with control characters made visible, so that data can neither break the layout nor command the terminal.
    public static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { isControl($0) }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x20: result.append(Unicode.Scalar(0x2400 + scalar.value) ?? "�")
            case 0x7F: result.append("\u{2421}")
            default: result.append(isControl(scalar) ? "�" : scalar)
            }
        }
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // C0, DEL and C1; line separators; marks that change the direction of text.
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.value < 0x300 { return 1 }
        if first.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
