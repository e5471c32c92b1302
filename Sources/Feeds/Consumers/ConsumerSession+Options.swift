internal import Platform

extension ConsumerSession {
    /// What the options `format` and `venue` of a feed say.
    ///
    /// - Parameter usual: venue of rows that do not name one.
    init(_ options: Options, venue usual: String) {
        let format = options.text("format")
        let ofRows: String? = if case .rows = PushFormat(format) { usual } else { nil }
        self.init(format: format, venue: options.isSet("venue") ? options.text("venue") : ofRows)
    }
}
