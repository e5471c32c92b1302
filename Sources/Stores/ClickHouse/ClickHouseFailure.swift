internal import Delivery

/// What a server says when it does not do something.
///
/// - Source: ClickHouse, `ErrorCodes.cpp`: numbers never change their meaning.
struct ClickHouseFailure {
    /// The server's number; nil where it is not the server that answers.
    let code: Int?
    /// The server's words, without what is said in every message.
    let message: String
    let kind: DeliveryError.Kind

    private static let lengthMax = 600

    /// - Parameter answer: for example `Code: 60, e.displayText() = DB::Exception: Table m.t doesn't exist., e.what() = …`
    ///   or `Code: 60. DB::Exception: Table m.t does not exist. (UNKNOWN_TABLE) (version 26.9.2.1)`.
    init(_ answer: String, status: Int) {
        let start = answer.firstRange(of: "Code: ")
        code = start.flatMap { Int(answer[$0.upperBound...].prefix { $0.isNumber }) }
        if code != nil, let text = answer.firstRange(of: "DB::Exception: ") {
            let rest = answer[text.upperBound...]
            let end = rest.firstRange(of: ", e.what()") ?? rest.firstRange(of: " (version ")
            message = String(rest[..<(end?.lowerBound ?? rest.endIndex)].prefix(Self.lengthMax))
        } else {
            message = "it answered with status \(status): \(answer.prefix(Self.lengthMax))"
        }
        kind = code.map(Self.kind) ?? (status == 401 || status == 403 ? .setup : .unavailable)
    }

    private static func kind(_ code: Int) -> DeliveryError.Kind {
        switch code {
        // Constraints of the user's, and functions that throw where a value is not to be.
        case 395, 469: .row
        // Columns, tables, databases, types, settings, syntax, storage definitions.
        case 10, 16, 36, 44, 46, 47, 48, 50, 53, 62, 70, 80, 81, 82, 115, 122, 344: .setup
        // Users, passwords, rights, limits of what may be done.
        case 164, 192, 193, 194, 195, 291, 452, 497, 516: .setup
        // A table that was there: somebody took it away.
        case 60, 218: .conflict
        default: .unavailable
        }
    }
}
