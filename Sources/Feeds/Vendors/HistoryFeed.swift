internal import Market
internal import Networking
internal import Platform

/// A feed that asks a vendor's REST interface for symbols, described by a `RESTVendor`.
protocol HistoryFeed: Feed {
    var plan: HistoryPlan { get }
}

extension HistoryFeed {
    public var settings: String { plan.vendor.settings.text }

    public func makeSource() throws -> any FeedSource { try plan.makeSource(knownNs: [:]) }

    public func makeSource(resuming memory: any FeedMemory) throws -> any FeedSource {
        let mapping = plan.vendor.mapping
        guard mapping.kind == .bars else { return try makeSource() }
        return try plan.makeSource(knownNs: memory.lastBars(source: mapping.source, interval: mapping.interval))
    }
}

/// All that a source of this kind is made from.
struct HistoryPlan: Sendable {
    var vendor: RESTVendor
    var order: RESTHistory.Order
    var policy: RESTSchedule.Policy
    var client = HTTPClient.Options()

    func makeSource(knownNs: [Instrument: Int64]) throws -> any FeedSource {
        RESTSource(
            try HTTPClient(client), RESTHistory(vendor, order, knownNs: knownNs), policy: policy,
            settings: vendor.settings.text)
    }
}

extension HistoryPlan {
    /// Options that these feeds share.
    enum Common {
        static func symbols(default text: String? = nil) -> Spec.Option {
            .list(
                "symbols", default: text,
                "Symbols: `AAPL`, `XETRA:SAP` with a venue, `SAP=sap.de` where the vendor's name differs.")
        }
        static func venue(_ text: String) -> Spec.Option {
            .text("venue", default: text, "Venue of symbols that do not name one.")
        }
        static func interval(_ choices: [String]) -> Spec.Option {
            .text("interval", default: "1d", choices: choices, "Length of the bars.")
        }
        static let from = Spec.Option.text(
            "from", default: "",
            "Start of the history: a day such as `2015-01-01`, or a time span such as `90d` back "
                + "from the start; unset is 2000-01-01 for bars of a day and longer, else seven days.")
        static let overlap = Spec.Option.duration(
            "overlap", default: "7d",
            "How far before the latest known bar is asked again, so that corrections are seen.")
        static func every(_ text: String) -> Spec.Option {
            .duration("every", default: text, "From one round of questions to the next; 0 for one round only.")
        }
        static func limits(_ text: String) -> Spec.Option {
            .list("limits", default: text, "Calls that the vendor allows, for example `60/m`, `30/s`, `25/d`.")
        }
        static func url(_ text: String) -> Spec.Option {
            .text("url", default: text, "Scheme and host of the interface; for a proxy or a test.")
        }
        static let zone = Spec.Option.text(
            "zone", default: "America/New_York",
            "Zone of the vendor's days and times, where its answers do not say it.")
        static let implausible = Spec.Option.text(
            "implausible", default: "reject", choices: AnswerMapping.Implausible.allCases.map(\.rawValue),
            "What becomes of bars that cannot be right, such as one in pence among bars in pounds; "
                + "a dead letter says why in either case.")
        static let authorities = Spec.Option.text(
            "authorities", default: "", "PEM file of the only certificate authorities to trust.")
    }

    /// Completes a vendor's plan with what the options say; the spec has the common options that apply.
    ///
    /// - Throws: `ConfigError` at the option that cannot be used.
    init(
        _ vendor: RESTVendor, _ options: Options, token: String = "", needsSymbols: Bool = true
    ) throws(ConfigError) {
        self.vendor = vendor
        let has = { (name: String) in options.spec.options.contains { $0.name == name } }
        if has("zone") { self.vendor.mapping.zone = options.text("zone") }
        if has("implausible") {
            self.vendor.mapping.implausible = .init(rawValue: options.text("implausible")) ?? .reject
        }
        do throws(FeedError) {
            try self.vendor.mapping.check()
            _ = try AnswerGroups(self.vendor.mapping).makeTable(self.vendor.mapping.format)
        } catch {
            throw ConfigError(file: options.file, line: options.line, "\(options.spec.name): \(error.message)")
        }
        guard !needsSymbols || !options.list("symbols").isEmpty else {
            throw options.error("symbols", "names no symbol", suggestion: "write `[AAPL]`")
        }
        self.vendor.limits = try Self.limits(options)
        let interval = self.vendor.mapping.intervalNs ?? 0
        order = RESTHistory.Order(
            symbols: try Self.symbols(options),
            fromNs: has("from")
                ? try Self.from(
                    options, zone: self.vendor.mapping.zone, isDaily: interval >= Timestamp.nanosecondsPerDay) : 0,
            overlapNs: has("overlap") ? options.durationNs("overlap") : 0, token: Secret(token))
        policy = RESTSchedule.Policy(intervalNs: options.durationNs("every"), limits: self.vendor.limits)
        if options.isSet("authorities") { client.authorityFile = options.text("authorities") }
    }

    private static func symbols(_ options: Options) throws(ConfigError) -> [RESTSymbol] {
        var symbols: [RESTSymbol] = []
        for (index, text) in options.list("symbols").enumerated() {
            guard let symbol = RESTSymbol(text, venue: options.text("venue")) else {
                throw options.error(
                    "symbols", element: index, "`\(text)` is no symbol",
                    suggestion: "write `AAPL` or `XETRA:SAP=sap.de`")
            }
            guard !symbols.contains(where: { $0.instrument == symbol.instrument }) else {
                throw options.error("symbols", element: index, "names \(symbol.instrument) twice")
            }
            symbols.append(symbol)
        }
        return symbols
    }

    private static func limits(_ options: Options) throws(ConfigError) -> [RateLimit] {
        var limits: [RateLimit] = []
        for (index, text) in options.list("limits").enumerated() {
            guard let limit = RateLimit(text) else {
                throw options.error(
                    "limits", element: index, "`\(text)` is no limit", suggestion: "write `60/m` or `5/12s`")
            }
            limits.append(limit)
        }
        return limits
    }

    private static func from(_ options: Options, zone: String, isDaily: Bool) throws(ConfigError) -> Int64 {
        let text = options.text("from")
        if let date = CivilDate(text), var clock = ZoneClock(zone) {
            return clock.utcNs(day: date.daysSinceEpoch, ofDayNs: 0)
        }
        let nowNs = Timestamp.now().nanoseconds
        guard !text.isEmpty else {
            return isDaily ? CivilDate("2000-01-01")?.start.nanoseconds ?? 0 : nowNs - 7 * Timestamp.nanosecondsPerDay
        }
        guard let spanNs = DurationText.nanoseconds(text) else {
            throw options.error(
                "from", "`\(text)` is neither a day nor a time span", suggestion: "write `2015-01-01` or `90d`")
        }
        return nowNs - spanNs
    }

    /// A template that is known to be well formed.
    static func template(_ text: String) -> RESTTemplate {
        guard let template = RESTTemplate(text) else { preconditionFailure("no template: \(text)") }
        return template
    }

    /// A template made with an address of the options.
    static func template(_ options: Options, _ rest: String) throws(ConfigError) -> RESTTemplate {
        let base = options.text("url")
        let text = (base.hasSuffix("/") ? String(base.dropLast()) : base) + rest
        guard let template = RESTTemplate(text), !base.contains("?"), !base.contains("{"),
            (try? HTTPURL(base)) != nil
        else { throw options.error("url", "is no address", suggestion: "write `https://host`") }
        return template
    }
}
