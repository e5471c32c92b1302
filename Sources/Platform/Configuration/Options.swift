/// The checked values that a component gets for the options of its `Spec`.
///
/// Values are complete (given or default) and of the right type once this exists, so that accessors cannot fail;
/// asking for an option that the spec does not have, or by the wrong kind, is a bug and stops the program.
public struct Options: Sendable {
    /// What the values are for.
    public let spec: Spec
    /// The configuration file, where there is one.
    public let file: String?
    /// Line of the component in the file.
    public let line: Int?
    private let values: [String: OptionValue]
    private let given: [String: Given]

    /// An option as the user gave it.
    struct Given: Sendable {
        let line: Int?
        /// As written, references not replaced.
        let written: String
        /// Lines of the elements of a list.
        var elementLines: [Int] = []
    }

    init(spec: Spec, file: String?, line: Int?, values: [String: OptionValue], given: [String: Given]) {
        self.spec = spec
        self.file = file
        self.line = line
        self.values = values
        self.given = given
    }

    /// The text of an option of kind text.
    public func text(_ name: String) -> String {
        guard case .text(let value) = value(name, .text) else { preconditionFailure("\(spec.name).\(name) is no text") }
        return value
    }

    /// The value of a secret; keep it out of logs, errors, settings and the API.
    public func secret(_ name: String) -> String {
        guard case .text(let value) = value(name, .secret) else {
            preconditionFailure("\(spec.name).\(name) is no secret")
        }
        return value
    }

    /// A whole number.
    ///
    /// - Precondition: `isSet(name)`, which only an empty default makes false.
    public func integer(_ name: String) -> Int64 { whole(name, .integer) }

    /// A number.
    ///
    /// - Precondition: `isSet(name)`, which only an empty default makes false.
    public func number(_ name: String) -> Double {
        guard case .number(let value) = value(name, .number) else {
            preconditionFailure("\(spec.name).\(name) is not set")
        }
        return value
    }

    /// True or false.
    public func boolean(_ name: String) -> Bool {
        guard case .boolean(let value) = value(name, .boolean) else {
            preconditionFailure("\(spec.name).\(name) is not set")
        }
        return value
    }

    /// A time span in nanoseconds.
    ///
    /// - Precondition: `isSet(name)`, which only an empty default makes false.
    public func durationNs(_ name: String) -> Int64 { whole(name, .duration) }

    /// A size in bytes.
    ///
    /// - Precondition: `isSet(name)`, which only an empty default makes false.
    public func bytes(_ name: String) -> Int64 { whole(name, .bytes) }

    /// The texts of a list, in order.
    public func list(_ name: String) -> [String] {
        guard case .list(let value) = value(name, .list) else { preconditionFailure("\(spec.name).\(name) is no list") }
        return value
    }

    /// False where the option was not given and its default is empty.
    public func isSet(_ name: String) -> Bool {
        switch values[name] {
        case .some(.none), .some(.text("")), .some(.list([])): false
        case .some: true
        case nil: preconditionFailure("\(spec.name) has no option \(name)")
        }
    }

    /// True where the user gave the option.
    public func isGiven(_ name: String) -> Bool { given[name] != nil }

    /// An error about the value of an option (or one element of a list) that only the component can judge, with
    /// its place.
    public func error(
        _ name: String, element: Int? = nil, _ message: String, suggestion: String? = nil
    ) -> ConfigError {
        let given = given[name]
        let elementLine = element.flatMap { index in
            given.flatMap { $0.elementLines.indices.contains(index) ? $0.elementLines[index] : nil }
        }
        return ConfigError(
            file: file, line: elementLine ?? given?.line ?? line, "\(spec.name): `\(name)`: \(message)",
            suggestion: suggestion)
    }

    private func whole(_ name: String, _ kind: Spec.Option.Kind) -> Int64 {
        guard case .integer(let value) = value(name, kind) else {
            preconditionFailure("\(spec.name).\(name) is not set")
        }
        return value
    }

    private func value(_ name: String, _ kind: Spec.Option.Kind) -> OptionValue {
        guard let option = spec.options.first(where: { $0.name == name }) else {
            preconditionFailure("\(spec.name) has no option \(name)")
        }
        precondition(option.kind == kind, "\(spec.name).\(name) is \(option.kind), not \(kind)")
        return values[name] ?? .none
    }
}

extension Options: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What was given, as written: references are not replaced, secrets written out are hidden.
    public var description: String {
        let parts = spec.options.compactMap { option -> String? in
            guard let written = given[option.name]?.written else { return nil }
            return "\(option.name)=\(option.kind == .secret ? "***" : written)"
        }
        return parts.isEmpty ? spec.name : "\(spec.name)(\(parts.joined(separator: ", ")))"
    }

    public var debugDescription: String { description }

    /// Nothing inside is shown by `dump`, since values may be secret.
    public var customMirror: Mirror { Mirror(self, children: ["options": description]) }
}

extension Options {
    /// The component as a call with every value by place, for example `sma(20)`; equal values give equal text.
    ///
    /// - Precondition: the spec has no secrets.
    public var callText: String {
        let texts = spec.options.map { option -> String in
            precondition(option.kind != .secret, "\(spec.name) has a secret, which no text may show")
            switch values[option.name] {
            case .text(let text): return text
            case .number(let value): return JSONText.number(value)
            case .boolean(let value): return "\(value)"
            case .list(let texts): return texts.joined(separator: " ")
            case .integer(let value):
                return switch option.kind {
                case .duration: DurationText.text(nanoseconds: value)
                case .bytes: SizeText.text(bytes: value)
                default: "\(value)"
                }
            case .some(.none), nil: return ""
            }
        }
        return texts.isEmpty ? spec.name : "\(spec.name)(\(texts.joined(separator: ",")))"
    }
}
