internal import Market

/// What a dead letter says in words.
enum RejectText {
    /// The detail of an event or frame that was rejected.
    ///
    /// - Parameter what: the field that is wrong, or what is wrong with the frame.
    static func detail(_ reason: RejectReason, _ what: String) -> String {
        switch reason {
        case .malformed: what
        case .missingField: "field `\(what)` is missing or empty"
        case .wrongType: "field `\(what)` has the wrong type"
        case .priceNotPositive: "field `\(what)` is not a positive number"
        case .sizeInvalid: "field `\(what)` is not a number of at least zero"
        case .timeOutOfRange: "field `\(what)` lies outside 1970 to 2200"
        case .tooLarge, .venueError, .inconsistent, .implausible, .valueInvalid, .keyReused: what
        }
    }
}
