public import Platform

/// Which version of a table is meant.
public enum TableVersion: Sendable, Equatable {
    case newest
    /// The number of a commit.
    case number(Int64)
    /// The newest commit of that time or before.
    case time(Timestamp)

    /// Reads `12` as a number, and anything else as a time in RFC 3339 or a date.
    public init?(_ text: String) {
        if let number = Int64(text), number >= 0 {
            self = .number(number)
        } else if let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z") {
            self = .time(time)
        } else {
            return nil
        }
    }
}
