public import Platform

/// What a running pipeline says of itself: the answer of `/api/v1/status` and of the `health` channel.
public struct Status: Sendable {
    /// A feed's part.
    public struct Feed: Sendable {
        public var name = ""
        /// `connecting`, `live`, `replaying`, `idle`, `stale`, `degraded`, `finished` or `stopped`.
        public var state = "stopped"
        /// Why it is not live, in words.
        public var detail: String?
        public var frames: Int64 = 0
        public var bytes: Int64 = 0
        public var events: Int64 = 0
        public var framesPerSecond = 0.0
        public var eventsPerSecond = 0.0
        /// Receive time of the last frame in nanoseconds; `Int64.min` before the first.
        public var lastFrameNs = Int64.min
        public var reconnects: Int64 = 0
        /// Watermark in nanoseconds; `Int64.min` before the first event.
        public var watermarkNs = Int64.min
        public init() {}
    }

    /// A sink's part.
    public struct Sink: Sendable {
        public var name = ""
        /// `live`, `lagging`, `degraded`, `failed` (a person has to see to it) or `stopped`.
        public var state = "stopped"
        public var detail: String?
        /// First journal offset that is not committed.
        public var offset: Int64 = 0
        public var lagFrames: Int64 = 0
        public var lagSeconds = 0.0
        public var lastFlushNs = Int64.min
        public var lastFlushSeconds = 0.0
        public var rows: Int64 = 0
        public var files: Int64 = 0
        public var bytes: Int64 = 0
        /// Nil of the lake.
        public var usage: Usage?
        public init() {}
    }

    /// The journal's part.
    public struct Journal: Sendable {
        public var path = ""
        public var headOffset: Int64 = 0
        public var durableOffset: Int64 = 0
        public var oldestOffset: Int64 = 0
        public var segments: Int64 = 0
        public var bytes: Int64 = 0
        public var fsyncP99Micros: Int64 = 0
        public init() {}
    }

    /// The engine's part; counts since the journal began, as far as the engine's state reaches.
    public struct Engine: Sendable {
        /// First journal offset that is not processed.
        public var offset: Int64 = 0
        public var lagFrames: Int64 = 0
        public var trades: Int64 = 0
        public var quotes: Int64 = 0
        public var bars: Int64 = 0
        public var duplicates: Int64 = 0
        public var late: Int64 = 0
        public var gaps: Int64 = 0
        public var crossedQuotes: Int64 = 0
        public var deadLetters: Int64 = 0
        public init() {}
    }

    /// One condition of readiness.
    public struct Check: Sendable {
        public let name: String
        public let isOK: Bool
        public let detail: String
        public init(name: String, isOK: Bool, detail: String) {
            self.name = name
            self.isOK = isOK
            self.detail = detail
        }
    }

    public var pipeline = ""
    public var version = ""
    public var startedNs = Int64.min
    public var uptimeSeconds = 0.0
    public var intervals: [String] = []
    public var indicators: [String] = []
    public var feeds: [Feed] = []
    public var journal = Journal()
    public var engine = Engine()
    public var sinks: [Sink] = []
    public var jobs: [Job] = []
    public var hotRows: Int64 = 0
    /// First journal offset that queries do not see yet.
    public var visibleOffset: Int64 = 0
    public var diskFreeBytes: Int64 = 0
    public var clients = 0
    public var checks: [Check] = []
    /// Nil where the journal is on this machine alone.
    public var forwarder: Forwarder?
    /// Nil but of a worker.
    public var partitions: [Partition]?

    public init() {}

    /// True where every check holds.
    public var isReady: Bool { checks.allSatisfy(\.isOK) }
}

extension Status {
    /// Writes the object of docs/http-api.md.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("pipeline")
        json.value(pipeline)
        json.key("version")
        json.value(version)
        json.key("started")
        json.value(startedNs == .min ? nil : Timestamp(nanoseconds: startedNs).description)
        json.key("uptime_seconds")
        json.value(uptimeSeconds)
        json.key("ready")
        json.value(isReady)
        json.key("intervals")
        json.values(intervals)
        json.key("indicators")
        json.values(indicators)
        json.key("feeds")
        json.beginArray()
        for feed in feeds { feed.write(to: &json) }
        json.endArray()
        json.key("journal")
        journal.write(to: &json)
        json.key("engine")
        engine.write(to: &json)
        json.key("sinks")
        json.beginArray()
        for sink in sinks { sink.write(to: &json) }
        json.endArray()
        json.key("jobs")
        json.beginArray()
        for job in jobs { job.write(to: &json) }
        json.endArray()
        json.key("hot")
        json.beginObject()
        json.key("rows")
        json.value(hotRows)
        json.key("visible_offset")
        json.value(visibleOffset)
        json.endObject()
        json.key("disk")
        json.beginObject()
        json.key("free_bytes")
        json.value(diskFreeBytes)
        json.endObject()
        json.key("clients")
        json.value(clients)
        if let forwarder {
            json.key("forwarder")
            forwarder.write(to: &json)
        }
        if let partitions {
            json.key("partitions")
            json.beginArray()
            for partition in partitions { partition.write(to: &json) }
            json.endArray()
        }
        json.endObject()
    }

    /// Writes the answer of `/readyz`.
    public func writeReadiness(to json: inout JSONWriter) {
        json.beginObject()
        json.key("ready")
        json.value(isReady)
        json.key("checks")
        json.beginArray()
        for check in checks {
            json.beginObject()
            json.key("name")
            json.value(check.name)
            json.key("ok")
            json.value(check.isOK)
            json.key("detail")
            json.value(check.detail)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}

extension JSONWriter {
    /// An array of texts.
    mutating func values(_ texts: [String]) {
        beginArray()
        for text in texts { value(text) }
        endArray()
    }

    /// A member with an integer.
    mutating func member(_ name: StaticString, _ number: Int64) {
        key(name)
        value(number)
    }

    /// A member with a number; `null` where it is not finite.
    mutating func member(_ name: StaticString, _ number: Double) {
        key(name)
        value(number)
    }

    /// A member with an integer or `null`.
    mutating func optional(_ name: StaticString, _ number: Int64?) {
        key(name)
        if let number { value(number) } else { value(nil) }
    }

    /// A member with a number or `null`.
    mutating func optional(_ name: StaticString, _ number: Double?) {
        key(name)
        value(number ?? .nan)
    }

    /// A member with text or `null`.
    mutating func member(_ name: StaticString, _ text: String?) {
        key(name)
        value(text)
    }
}

extension Status.Feed {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", name)
        json.member("state", state)
        json.member("detail", detail)
        json.member("frames", frames)
        json.member("bytes", bytes)
        json.member("events", events)
        json.member("frames_per_second", framesPerSecond)
        json.member("events_per_second", eventsPerSecond)
        json.moment("last_frame", ns: lastFrameNs)
        json.member("reconnects", reconnects)
        json.moment("watermark", ns: watermarkNs)
        let delay = watermarkNs == .min ? Double.nan : Double(Timestamp.now().nanoseconds - watermarkNs) / 1e9
        json.member("watermark_delay_seconds", delay)
        json.endObject()
    }
}

extension Status.Sink {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", name)
        json.member("state", state)
        json.member("detail", detail)
        json.member("offset", offset)
        json.member("lag_frames", lagFrames)
        json.member("lag_seconds", lagSeconds)
        json.moment("last_flush", ns: lastFlushNs)
        json.member("last_flush_seconds", lastFlushSeconds)
        json.member("rows", rows)
        json.member("files", files)
        json.member("bytes", bytes)
        if let usage {
            json.key("usage")
            usage.write(to: &json)
        }
        json.endObject()
    }
}

extension Status.Journal {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("path", path)
        json.member("head_offset", headOffset)
        json.member("durable_offset", durableOffset)
        json.member("oldest_offset", oldestOffset)
        json.member("segments", segments)
        json.member("bytes", bytes)
        json.member("fsync_p99_us", fsyncP99Micros)
        json.endObject()
    }
}

extension Status.Engine {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("offset", offset)
        json.member("lag_frames", lagFrames)
        json.member("trades", trades)
        json.member("quotes", quotes)
        json.member("bars", bars)
        json.member("duplicates", duplicates)
        json.member("late", late)
        json.member("gaps", gaps)
        json.member("crossed_quotes", crossedQuotes)
        json.member("dead_letters", deadLetters)
        json.endObject()
    }
}
