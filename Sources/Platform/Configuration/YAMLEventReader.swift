internal import CYAML

/// What libyaml reports next.
enum YAMLEvent {
    case streamStart, streamEnd, documentStart, documentEnd, sequenceEnd, mappingEnd
    case alias(String)
    case scalar(String, style: YAMLNode.Style, tag: String?, anchor: String?)
    case sequenceStart(anchor: String?)
    case mappingStart(anchor: String?)
}

/// An event with its place.
struct YAMLPlacedEvent {
    let event: YAMLEvent
    /// From 1.
    let line: Int
    /// From 1.
    let column: Int
}

/// Owns a libyaml parser and the text it reads.
@safe
final class YAMLEventReader {
    // On the heap because libyaml keeps pointers to the parser itself and to the text.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let file: String?

    init(_ text: String, file: String?) {
        self.file = file
        unsafe parser = .allocate(capacity: 1)
        unsafe input = .allocate(capacity: text.utf8.count)
        _ = unsafe input.initialize(from: text.utf8)
        // Fails only where memory is exhausted.
        precondition(unsafe yaml_parser_initialize(parser) == 1)
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event.
    ///
    /// - Throws: `ConfigError` with the line where the text is not YAML.
    func next() throws(ConfigError) -> YAMLPlacedEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { unsafe yaml_event_delete(&event) }
        let line = unsafe Int(event.start_mark.line) + 1
        let column = unsafe Int(event.start_mark.column) + 1
        return YAMLPlacedEvent(event: unsafe Self.translate(event), line: line, column: column)
    }

    @unsafe
    private static func translate(_ event: yaml_event_t) -> YAMLEvent {
        switch unsafe event.type {
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_STREAM_END_EVENT: return .streamEnd
        case YAML_ALIAS_EVENT: return .alias(unsafe string(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT:
            return .sequenceStart(anchor: unsafe string(event.data.sequence_start.anchor))
        case YAML_MAPPING_START_EVENT:
            return .mappingStart(anchor: unsafe string(event.data.mapping_start.anchor))
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let style: YAMLNode.Style =
                switch unsafe scalar.style {
                case YAML_PLAIN_SCALAR_STYLE: .plain
                case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
                default: .quoted
                }
            return .scalar(
                YAMLReferences.unmask(unsafe String(decoding: bytes, as: UTF8.self)), style: style,
                tag: unsafe string(scalar.tag), anchor: unsafe string(scalar.anchor))
        default: return .streamStart
        }
    }

    @unsafe
    private static func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe YAMLReferences.unmask(String(cString: pointer))
    }

    private func failure() -> ConfigError {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "unreadable"
        let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) + ", " } ?? ""
        let isReaderError = unsafe parser.pointee.error == YAML_READER_ERROR
        // The reader knows only the byte offset of what it cannot read.
        let line =
            unsafe isReaderError
            ? input.prefix(Int(parser.pointee.problem_offset)).count { $0 == 0x0A }
            : Int(parser.pointee.problem_mark.line)
        return ConfigError(
            file: file, line: line + 1, "this is not YAML: \(context)\(problem)", suggestion: Self.advice(problem))
    }

    private static func advice(_ problem: String) -> String? {
        if problem.contains("cannot start any token") {
            return "indent with spaces, and quote text that starts with % @ or `"
        }
        if problem.contains("mapping values are not allowed") {
            return "check the indentation, and quote text that contains a colon and a space"
        }
        if problem.contains("expected key") || problem.contains("could not find expected ':'") {
            return "write `key: value`, with a space behind the colon"
        }
        if problem.contains("expected <block end>") || problem.contains("expected '-' indicator") {
            return "check the indentation of this line and the one before"
        }
        if problem.contains("expected ',' or") { return "check that every bracket and brace is closed" }
        return nil
    }
}
