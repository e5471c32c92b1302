internal import Platform

extension ConsumerSession {
    /// What the options `format` and `venue` of a feed say.
    ///
    /// - Parameter usual: venue of rows that do not name one.
    init(_ options: Options, venue usual: String) {
        self.init(format: options.text("format"), venue: PushFormat.venue(options, usual: usual))
    }
}
