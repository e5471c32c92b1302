/// How a vendor of history is asked and its answers are read: all that a configuration can say, without symbols and keys.
struct RESTVendor: Sendable {
    /// Address with `{symbol}`, and where the vendor takes them `{from}`, `{to}` or `{month}`, `{page}`, `{token}`.
    var url: RESTTemplate
    /// Another address for questions that reach back this far at most, for vendors that answer those more cheaply.
    var recent: (url: RESTTemplate, spanNs: Int64)?
    /// Header fields, `Name: value` with the same places.
    var headers: [RESTTemplate] = []
    var dates = RESTDateForm.date
    /// Longest stretch of one question; 0 for no limit.
    var windowNs: Int64 = 0
    var limits: [RateLimit] = []
    /// Path of the address of the next page, or of what the parameter `nextParameter` asks for it.
    var next = ""
    var nextParameter = ""
    /// Texts in answers of good status by which the vendor says that there were too many calls.
    var throttle: [String] = []
    var mapping: AnswerMapping
    /// A second question per symbol, for what is known of the instrument.
    var about: (url: RESTTemplate, mapping: AnswerMapping)?

    /// What the decoder needs.
    var settings: SessionSettings {
        var values = mapping.values
        for (key, value) in about?.mapping.values ?? [:] { values["about.\(key)"] = value }
        values["continues"] = "true"
        return SessionSettings(decoder: "rest", values: values)
    }

    /// The mappings in the settings of a session, by the name of the part.
    ///
    /// - Throws: `FeedError` naming what is missing or wrong.
    static func mappings(_ values: [String: String]) throws(FeedError) -> [String: AnswerMapping] {
        var parts = ["": try AnswerMapping(values: values)]
        var about: [String: String] = [:]
        for (key, value) in values where key.hasPrefix("about.") { about[String(key.dropFirst(6))] = value }
        if !about.isEmpty { parts["about"] = try AnswerMapping(values: about) }
        return parts
    }
}
