public import Platform

/// The indicators there are.
public enum IndicatorRegistry {
    /// All of them, by name.
    public static let all: [any Indicator.Type] = [
        ATR.self,
        RSI.self,
        SMA.self,
    ]

    /// The indicator of a name.
    public static func named(_ name: String) -> (any Indicator.Type)? { all.first { $0.spec.name == name } }
}

/// An indicator with its parameters, as configured: `sma(20)`.
public struct IndicatorSpec: Hashable, Sendable, CustomStringConvertible {
    /// Name in the registry.
    public let name: String
    /// One whole number per option of the indicator.
    public let parameters: [Int]

    /// Reads `sma(20)`, or `sma` for the defaults.
    ///
    /// - Throws: `ConfigError` where the indicator is not known or a parameter is not right.
    public init(parsing text: some StringProtocol) throws(ConfigError) {
        let trimmed = String(text.filter { $0 != " " })
        let name = trimmed.prefix { $0 != "(" }.lowercased()
        guard let indicator = IndicatorRegistry.named(name) else {
            throw ConfigError(
                "`\(text)` is not an indicator",
                suggestion: Suggestion.sentence(for: name, among: IndicatorRegistry.all.map { $0.spec.name }))
        }
        let spec = indicator.spec
        let advice = "write for example `\(spec.example)`"
        let rest = trimmed.dropFirst(name.count)
        var given: [Int] = []
        if !rest.isEmpty {
            guard rest.first == "(", rest.last == ")", rest.count > 1 else {
                throw ConfigError("`\(text)`: parameters stand in parentheses after the name", suggestion: advice)
            }
            let inner = rest.dropFirst().dropLast()
            for part in inner.split(separator: ",", omittingEmptySubsequences: false) where !inner.isEmpty {
                guard let number = Int(part) else {
                    throw ConfigError("`\(text)`: `\(part)` is not a whole number", suggestion: advice)
                }
                given.append(number)
            }
        }
        guard given.count <= spec.options.count else {
            let options = spec.options.map(\.name).joined(separator: ", ")
            throw ConfigError(
                "`\(text)`: \(name) takes \(spec.options.count) parameter (\(options))", suggestion: advice)
        }
        self.name = spec.name
        parameters = try Self.completed(given, spec)
        _ = try indicator.init(parameters)
    }

    private static func completed(_ given: [Int], _ spec: Spec) throws(ConfigError) -> [Int] {
        var parameters = given
        for option in spec.options.dropFirst(given.count) {
            guard let value = option.defaultText.flatMap({ Int($0) }) else {
                throw ConfigError(
                    "\(spec.name): `\(option.name)` is missing", suggestion: "write for example `\(spec.example)`")
            }
            parameters.append(value)
        }
        return parameters
    }

    /// Canonical text: the name in tables and the API.
    public var description: String { "\(name)(\(parameters.map { String($0) }.joined(separator: ",")))" }

    /// The indicator itself.
    func makeIndicator() -> any Indicator {
        guard let indicator = IndicatorRegistry.named(name), let made = try? indicator.init(parameters) else {
            preconditionFailure("\(self) was checked when it was read")
        }
        return made
    }
}
