internal import Foundation

/// The type of a column, as a log writes it.
///
/// - Source: Delta transaction log protocol, "Schema Serialization Format".
indirect enum DeltaType: Sendable, Equatable {
    case primitive(String)
    case decimal(digits: Int, scale: Int)
    case array(DeltaType)
    case map(DeltaType, DeltaType)
    case structure([DeltaField])

    /// Nil where it is not a type.
    init?(json: Any?) {
        if let text = json as? String {
            self.init(text)
            return
        }
        guard let object = json as? [String: Any] else { return nil }
        switch object["type"] as? String {
        case "array":
            guard let element = DeltaType(json: object["elementType"]) else { return nil }
            self = .array(element)
        case "map":
            guard let key = DeltaType(json: object["keyType"]), let value = DeltaType(json: object["valueType"]) else {
                return nil
            }
            self = .map(key, value)
        case "struct":
            guard let fields = DeltaField.list(object) else { return nil }
            self = .structure(fields)
        default: return nil
        }
    }

    /// Reads the name of a type without parts.
    init(_ text: String) {
        if let match = text.wholeMatch(of: /decimal\( *(\d+) *, *(-?\d+) *\)/), let digits = Int(match.1),
            let scale = Int(match.2)
        {
            self = .decimal(digits: digits, scale: scale)
        } else {
            self = text == "decimal" ? .decimal(digits: 10, scale: 0) : .primitive(text)
        }
    }

    /// How people read it; a type without parts is written so in the log.
    var text: String {
        switch self {
        case .primitive(let name): name
        case .decimal(let digits, let scale): "decimal(\(digits),\(scale))"
        case .array(let element): "array<\(element.text)>"
        case .map(let key, let value): "map<\(key.text),\(value.text)>"
        case .structure(let fields): "struct<\(fields.map { "\($0.name):\($0.type.text)" }.joined(separator: ","))>"
        }
    }

    /// Whether the protocol lets a column become one of another type while files keep this one.
    ///
    /// - Source: Delta transaction log protocol, "Type Widening".
    func canWiden(to wide: DeltaType) -> Bool {
        switch (self, wide) {
        case (.primitive("date"), .primitive("timestamp_ntz")), (.primitive("float"), .primitive("double")): return true
        case (.primitive(let from), .primitive(let to)):
            guard let rank = Self.integers.firstIndex(of: from) else { return false }
            return to == "double" ? from != "long" : Self.integers.dropFirst(rank + 1).contains(to)
        case (.decimal(let digits, let scale), .decimal(let newDigits, let newScale)):
            return self != wide && newScale >= scale && newDigits - digits >= newScale - scale
        case (.primitive(let from), .decimal(let digits, let scale)):
            guard Self.integers.contains(from) else { return false }
            return scale >= 0 && digits - scale >= (from == "long" ? 20 : 10)
        default: return false
        }
    }

    private static let integers = ["byte", "short", "integer", "long"]
}

/// A column, or a member of a structure.
struct DeltaField: Sendable, Equatable {
    let name: String
    let type: DeltaType
    let nullable: Bool
    /// What it is called in data files, where that is something else.
    var physicalName: String?
    /// The number by which data files know it.
    var id: Int?
    /// Types that it, or a part of it, had.
    var changes: [TypeChange] = []
    /// What of the protocol its values depend on.
    var rules: [String] = []

    struct TypeChange: Sendable, Equatable {
        let from: DeltaType
        let to: DeltaType
    }

    /// The fields of a structure; nil where there is one that is not a field.
    static func list(_ structure: [String: Any]) -> [DeltaField]? {
        guard let list = structure["fields"] as? [[String: Any]] else { return nil }
        let fields = list.compactMap(DeltaField.init)
        return fields.count == list.count ? fields : nil
    }

    private init?(_ object: [String: Any]) {
        guard let name = object["name"] as? String, let type = DeltaType(json: object["type"]) else { return nil }
        self.name = name
        self.type = type
        nullable = object["nullable"] as? Bool ?? true
        let metadata = object["metadata"] as? [String: Any] ?? [:]
        physicalName = metadata["delta.columnMapping.physicalName"] as? String
        id = (metadata["delta.columnMapping.id"] as? NSNumber)?.intValue
        for change in metadata["delta.typeChanges"] as? [[String: Any]] ?? [] {
            guard let from = change["fromType"] as? String, let to = change["toType"] as? String else { return nil }
            changes.append(TypeChange(from: DeltaType(from), to: DeltaType(to)))
        }
        for (key, feature) in Self.rules where metadata[key] != nil { rules.append(feature) }
    }

    /// Keys of a column's metadata, and which feature of the protocol stands behind them.
    private static let rules = [
        ("delta.invariants", "invariants"), ("delta.generationExpression", "generatedColumns"),
        ("delta.identity.start", "identityColumns"), ("CURRENT_DEFAULT", "allowColumnDefaults"),
    ]

    /// It, and what it is made of.
    var all: [DeltaField] { [self] + Self.parts(type) }

    private static func parts(_ type: DeltaType) -> [DeltaField] {
        switch type {
        case .primitive, .decimal: []
        case .array(let element): parts(element)
        case .map(let key, let value): parts(key) + parts(value)
        case .structure(let fields): fields.flatMap(\.all)
        }
    }
}
