internal import Platform

extension Status {
    /// A job's part.
    public struct Job: Sendable {
        public var name = ""
        /// What it does, for example `compact`.
        public var kind = ""
        /// When it runs, in words.
        public var time = ""
        /// `waiting`, `running`, `failing` or `paused`.
        public var state = "waiting"
        /// When its present or last run began, in nanoseconds; `Int64.min` where it never ran.
        public var startedNs = Int64.min
        /// When it was last done, in nanoseconds; `Int64.min` where never.
        public var doneNs = Int64.min
        /// The next run, or attempt, in nanoseconds; `Int64.min` where it runs after others.
        public var nextNs = Int64.min
        /// What its last run took.
        public var seconds = 0.0
        /// `done`, `failed`, `timed out` or `stopped`; nil where it never ran.
        public var outcome: String?
        /// What its last run did, or why it failed.
        public var detail: String?
        public init() {}
    }
}

extension Status.Job {
    /// Writes an element of `jobs` of docs/http-api.md.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", name)
        json.member("kind", kind)
        json.member("time", time)
        json.member("state", state)
        json.moment("started", ns: startedNs)
        json.moment("done", ns: doneNs)
        json.moment("next", ns: nextNs)
        json.member("seconds", seconds)
        json.member("outcome", outcome)
        json.member("detail", detail)
        json.endObject()
    }
}
