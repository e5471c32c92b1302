/// Single values of a JSON text.
struct JSONValues {
    /// By the place of their path; nil where a value is missing or null.
    let texts: [String?]

    /// - Parameter paths: valid ones.
    /// - Returns: nil where the text is not JSON.
    init?(_ bytes: [UInt8], paths: [String]) {
        guard let table = try? JSONAnswerTable([AnswerGroup(layout: .columns, columns: paths)]) else { return nil }
        let texts: [String?]? = PaddedBytes.with(bytes) { text in
            unsafe table.read(text) == nil ? paths.indices.map { table.cell(0, $0, row: 0).text } : nil
        }
        guard let texts else { return nil }
        self.texts = texts
    }
}

/// Bytes with others behind them that may be read.
enum PaddedBytes {
    @safe
    static func with<Result>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let padded = bytes + [UInt8](repeating: 0, count: 64)
        return unsafe padded.withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[..<bytes.count])) }
    }
}
