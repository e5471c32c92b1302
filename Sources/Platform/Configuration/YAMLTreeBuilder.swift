/// Builds a tree from events, within limits.
struct YAMLTreeBuilder {
    private let reader: YAMLEventReader
    private let file: String?
    private let limits: YAML.Limits
    /// Nodes made so far, aliases counted as what they stand for.
    private var count = 0
    private var anchors: [String: (node: YAMLNode, count: Int)] = [:]

    init(reader: YAMLEventReader, file: String?, limits: YAML.Limits) {
        self.reader = reader
        self.file = file
        self.limits = limits
    }

    /// The only document of the stream.
    mutating func document() throws(ConfigError) -> YAMLNode {
        _ = try reader.next()
        guard case .documentStart = try reader.next().event else {
            return YAMLNode(.scalar("", style: .plain, tag: nil), line: 1)
        }
        let root = try node(try reader.next(), depth: 0)
        _ = try reader.next()
        let end = try reader.next()
        guard case .streamEnd = end.event else {
            throw error(end, "a second document starts here", "keep one pipeline per file")
        }
        return root
    }

    private mutating func node(_ start: YAMLPlacedEvent, depth: Int) throws(ConfigError) -> YAMLNode {
        let before = count
        count += 1
        try checkSize(start)
        guard depth <= limits.depth else { throw error(start, "more than \(limits.depth) levels inside each other") }
        let made: YAMLNode
        let name: String?
        switch start.event {
        case .alias(let anchor):
            guard let target = anchors[anchor] else {
                throw error(
                    start, "`*\(anchor)` stands for nothing", "write `&\(anchor)` before the value it stands for")
            }
            count += target.count - 1
            try checkSize(start)
            return YAMLNode(target.node.content, line: start.line, column: start.column)
        case .scalar(let text, let style, let tag, let anchor):
            made = YAMLNode(.scalar(text, style: style, tag: tag), line: start.line, column: start.column)
            name = anchor
        case .sequenceStart(let anchor):
            made = YAMLNode(.sequence(try elements(depth: depth)), line: start.line, column: start.column)
            name = anchor
        case .mappingStart(let anchor):
            made = YAMLNode(.mapping(try entries(depth: depth)), line: start.line, column: start.column)
            name = anchor
        default: preconditionFailure("libyaml gave an event that does not start a node")
        }
        if let name { anchors[name] = (made, count - before) }
        return made
    }

    private mutating func elements(depth: Int) throws(ConfigError) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            let next = try reader.next()
            if case .sequenceEnd = next.event { return elements }
            elements.append(try node(next, depth: depth + 1))
        }
    }

    private mutating func entries(depth: Int) throws(ConfigError) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var lines: [String: Int] = [:]
        while true {
            let next = try reader.next()
            if case .mappingEnd = next.event { return entries }
            guard let key = try node(next, depth: depth + 1).text else {
                throw error(next, "a key is a list or a mapping", "keys are text")
            }
            if let first = lines[key] {
                throw error(next, "`\(key)` is written twice (first in line \(first))", "keep one of them")
            }
            lines[key] = next.line
            let value = try node(try reader.next(), depth: depth + 1)
            entries.append(YAMLNode.Entry(key: key, line: next.line, column: next.column, value: value))
        }
    }

    private func checkSize(_ place: YAMLPlacedEvent) throws(ConfigError) {
        guard count <= limits.nodes else {
            throw error(place, "more than \(limits.nodes) values, counting what aliases stand for")
        }
    }

    private func error(_ place: YAMLPlacedEvent, _ message: String, _ suggestion: String? = nil) -> ConfigError {
        ConfigError(file: file, line: place.line, message, suggestion: suggestion)
    }
}
