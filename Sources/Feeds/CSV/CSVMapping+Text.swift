internal import Foundation
internal import Platform

extension CSVMapping {
    /// The mapping as flat keys and values, as in configuration: columns by position from 0 or by name, conditions
    /// separated by `+`.
    public var values: [String: String] {
        var values = [
            "kind": kind.rawValue, "time": Self.text(time), "time_format": timeFormat.rawValue, "zone": zone,
        ]
        for path in Self.columnPaths {
            if let column = self[keyPath: path.column] { values[path.name] = Self.text(column) }
        }
        if hasHeader { values["header"] = "true" }
        if delimiter != "," { values["delimiter"] = String(delimiter) }
        if let date { values["date"] = date.description }
        if !symbol.isEmpty { values["symbol"] = symbol }
        if !venue.isEmpty { values["venue"] = venue }
        if sideMeaning != .aggressor { values["side_means"] = sideMeaning.rawValue }
        if !conditions.isEmpty { values["conditions"] = conditions.map(Self.text).joined(separator: "+") }
        if priceScale != 1 { values["price_scale"] = JSONText.number(priceScale) }
        if sizeScale != 1 { values["size_scale"] = JSONText.number(sizeScale) }
        if blankIsUnchanged { values["blank"] = "unchanged" }
        return values.merging(barValues) { $1 }
    }

    /// Reads what `values` gives.
    ///
    /// - Throws: `FeedError` naming the key that is unknown, missing or wrong.
    public init(values: [String: String]) throws(FeedError) {
        func choice<Value: RawRepresentable>(_ key: String, _ type: Value.Type) throws(FeedError) -> Value?
        where Value.RawValue == String {
            guard let text = values[key] else { return nil }
            guard let value = Value(rawValue: text) else { throw FeedError(.settings, "`\(key)`: unknown `\(text)`") }
            return value
        }
        func scale(_ key: String) throws(FeedError) -> Double {
            guard let text = values[key] else { return 1 }
            guard let value = Double(text) else { throw FeedError(.settings, "`\(key)`: `\(text)` is not a number") }
            return value
        }
        let known = Self.columnPaths.map(\.name) + Self.otherKeys
        if let unknown = values.keys.sorted().first(where: { !known.contains($0) }) {
            throw FeedError(.settings, "unknown key `\(unknown)`; known are \(known.sorted().joined(separator: ", "))")
        }
        guard let time = values["time"] else { throw FeedError(.settings, "`time` is missing: the column of the time") }
        let inferredKind: Kind =
            values["open"] != nil ? .bars : values["bid"] != nil || values["ask"] != nil ? .quotes : .trades
        self.init(
            kind: try choice("kind", Kind.self) ?? inferredKind, time: Self.column(time),
            timeFormat: try choice("time_format", TimeFormat.self) ?? .text)
        for path in Self.columnPaths { self[keyPath: path.column] = values[path.name].map(Self.column) }
        hasHeader = values["header"] == "true"
        if let text = values["delimiter"] {
            guard let character = text == "\\t" ? "\t" : text.first, text.count == 1 || text == "\\t" else {
                throw FeedError(.settings, "`delimiter`: one character is needed")
            }
            delimiter = character
        }
        if let text = values["date"] {
            guard let day = CivilDate(text) else { throw FeedError(.settings, "`date`: `\(text)` is not a day") }
            date = day
        }
        zone = values["zone"] ?? "UTC"
        symbol = values["symbol"] ?? ""
        venue = values["venue"] ?? ""
        sideMeaning = try choice("side_means", SideMeaning.self) ?? .aggressor
        conditions = (values["conditions"] ?? "").split(separator: "+").map { Self.column(String($0)) }
        priceScale = try scale("price_scale")
        sizeScale = try scale("size_scale")
        guard ["missing", "unchanged", nil].contains(values["blank"]) else {
            throw FeedError(.settings, "`blank`: write `missing` or `unchanged`")
        }
        blankIsUnchanged = values["blank"] == "unchanged"
        try readBars(values)
    }

    private static let otherKeys =
        [
            "kind", "time", "time_format", "zone", "header", "delimiter", "date", "symbol", "venue", "side_means",
            "conditions", "price_scale", "size_scale", "blank",
        ] + barKeys

    private static func text(_ column: Column) -> String {
        switch column {
        case .position(let place): "\(place)"
        case .name(let name): name
        }
    }

    private static func column(_ text: String) -> Column { Int(text).map(Column.position) ?? .name(text) }
}
