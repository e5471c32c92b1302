internal import Platform

extension Status {
    /// What brings the journal to Kafka, where the pipeline's journal is there.
    public struct Forwarder: Sendable {
        public var topic = ""
        /// `live`, `lagging` or `degraded`.
        public var state = "live"
        public var detail: String?
        /// First offset of this process' journal that the brokers may not have.
        public var offset: Int64 = 0
        public var lagFrames: Int64 = 0
        public var lagSeconds = 0.0
        /// Since the start: frames that were sent, how often copies of them, and in how many messages of how many bytes.
        public var frames: Int64 = 0
        public var copies: Int64 = 0
        public var messages: Int64 = 0
        public var bytes: Int64 = 0
        public init() {}
    }
}

extension Status.Forwarder {
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("topic", topic)
        json.member("state", state)
        json.member("detail", detail)
        json.member("offset", offset)
        json.member("lag_frames", lagFrames)
        json.member("lag_seconds", lagSeconds)
        json.member("frames", frames)
        json.member("copies", copies)
        json.member("messages", messages)
        json.member("bytes", bytes)
        json.endObject()
    }
}
