internal import Market

/// What is wrong with a row of an answer.
struct AnswerFault: Error, Equatable {
    let reason: RejectReason
    /// The value that is wrong, or what is wrong in words.
    let what: String

    init(_ reason: RejectReason, _ what: String) {
        self.reason = reason
        self.what = what
    }
}
