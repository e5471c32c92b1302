internal import Platform

extension Status {
    /// A partition of the topic that a worker has.
    public struct Partition: Sendable {
        public var partition = 0
        /// Messages of the topic that were not taken yet.
        public var lagMessages: Int64 = 0
        /// Records taken that the engine has not processed.
        public var lagFrames: Int64 = 0
        /// First offset that the lake does not have; partition 3 begins at 3·2⁴⁰.
        public var storedOffset: Int64 = 0
        public init() {}
    }
}

extension Status.Partition {
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("partition", Int64(partition))
        json.member("lag_messages", lagMessages)
        json.member("lag_frames", lagFrames)
        json.member("stored_offset", storedOffset)
        json.endObject()
    }
}
