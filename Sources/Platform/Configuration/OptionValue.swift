/// The checked value of an option.
enum OptionValue: Sendable, Equatable {
    /// Absent: not given, and the default is empty.
    case none
    case text(String)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
    case list([String])

    /// Why a text is not a value.
    struct Failure: Error {
        let message: String
        let suggestion: String?
    }

    /// Reads one value.
    ///
    /// - Parameters:
    ///   - written: the text as the user wrote it, safe to show.
    ///   - text: the same with its references replaced; never shown.
    init(_ option: Spec.Option, written: String, text: String) throws(Failure) {
        let shown = option.kind == .secret ? "the value" : "`\(written)`"
        switch option.kind {
        case .text, .secret: self = .text(text)
        case .integer:
            guard let value = Int64(text.filter { $0 != "_" }) else {
                throw Failure(message: "\(shown) is not a whole number", suggestion: nil)
            }
            self = .integer(value)
        case .number:
            guard let value = Double(text), value.isFinite else {
                throw Failure(message: "\(shown) is not a number", suggestion: nil)
            }
            self = .number(value)
        case .boolean:
            guard text == "true" || text == "false" else {
                let meant = ["yes", "on", "1"].contains(text.lowercased()) || text.lowercased() == "true"
                throw Failure(
                    message: "\(shown) is neither true nor false",
                    suggestion: meant ? "write `true`" : "write `true` or `false`")
            }
            self = .boolean(text == "true")
        case .duration:
            guard let value = DurationText.nanoseconds(text) else {
                let lacksUnit = !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
                throw Failure(
                    message: "\(shown) is not a time span",
                    suggestion: lacksUnit ? "add a unit: `\(written)s` or `\(written)ms`" : "write \(DurationText.form)"
                )
            }
            self = .integer(value)
        case .bytes:
            guard let value = SizeText.bytes(text) else {
                throw Failure(message: "\(shown) is not a size", suggestion: "write \(SizeText.form)")
            }
            self = .integer(value)
        case .list: self = .list([text])
        }
        try checkChoices(option, written: written)
    }

    /// The default of an option; nil where the option is required.
    static func byDefault(_ option: Spec.Option, references: References) throws(Failure) -> OptionValue? {
        guard let written = option.defaultText else { return nil }
        let text: String
        do {
            text = try references.resolve(written)
        } catch {
            throw Failure(message: error.message, suggestion: error.suggestion)
        }
        switch option.kind {
        case .list: return .list(items(text))
        case .text, .secret: return .text(text)
        default: return text.isEmpty ? OptionValue.none : try OptionValue(option, written: written, text: text)
        }
    }

    /// The parts of a list written with commas.
    static func items(_ text: String) -> [String] {
        text.split(separator: ",").map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
    }

    func checkChoices(_ option: Spec.Option, written: String) throws(Failure) {
        guard !option.choices.isEmpty else { return }
        let given: [String] =
            switch self {
            case .text(let text): [text]
            case .list(let texts): texts
            default: [written]
            }
        for text in given where !option.choices.contains(text) {
            throw Failure(
                message: given.count > 1 ? "`\(text)` is not a choice" : "`\(written)` is not a choice",
                suggestion: Suggestion.sentence(for: text, among: option.choices))
        }
    }
}
