internal import Networking
public import Platform

/// Any vendor with a REST interface, described in configuration: bars, quotes or instruments, as JSON or CSV.
///
/// - Source: the vendor's documentation, which the configuration repeats.
/// - Units: as the configuration says: `time_format`, `zone`.
/// - Gaps: what is missing is asked for again with every round; corrections become revisions.
public struct RESTFeed: HistoryFeed {
    public static let spec = Spec(
        "rest", "Any REST interface with bars, quotes or instruments, described here.",
        options: [
            .text("source", "Name of the vendor in the tables."),
            .text(
                "url",
                "Address with `{symbol}`, `{from}`, `{to}`, `{month}`, `{page}`, `{token}` where the vendor takes them."
            ),
            .secret("token", default: "", "What stands for `{token}`."),
            .list("headers", default: "", "Header fields, for example `Authorization: Bearer {token}`."),
            HistoryPlan.Common.symbols(default: ""), HistoryPlan.Common.venue(""),
            .text(
                "kind", default: "bars", choices: AnswerMapping.Kind.allCases.map(\.rawValue),
                "What a row of an answer is."),
            .text(
                "format", default: "json", choices: AnswerMapping.Format.allCases.map(\.rawValue),
                "Form of the answers."),
            .text(
                "layout", default: "rows", choices: ["rows", "columns"],
                "Whether JSON has a list of rows (or an object of them), or a list for each column."),
            .text(
                "rows", default: "", "Path of the rows, for example `data.results`; unset where the answer is the list."
            ),
            .list(
                "fields", "Values of a row, `name=path` or `name=column`: time, open, high, low, close and more."),
            .text("dividend_rows", default: "", "Path of the rows of dividends in the same answer."),
            .list("dividend_fields", default: "", "Their values: time, amount."),
            .text("split_rows", default: "", "Path of the rows of splits in the same answer."),
            .list("split_fields", default: "", "Their values: time, ratio (or numerator, denominator)."),
            .list(
                "about_fields", default: "",
                "What the answer says of its instrument: name, currency, type, zone and more, as `name=path`."),
            .list("errors", default: "", "Paths of texts by which the vendor says that it has no answer."),
            .list("throttle", default: "", "Texts by which a good answer says that there were too many calls."),
            .text(
                "time_format", default: "text", choices: ["text", "s", "ms", "us", "ns"],
                "How times are written; numbers count since 1970 UTC."),
            .text("time_is", default: "start", choices: ["start", "end"], "Which end of a bar its time is."),
            .text("zone", default: "UTC", "Zone of days, and of times that do not say it."),
            HistoryPlan.Common.interval(["1m", "5m", "10m", "15m", "30m", "1h", "4h", "1d", "1w", "1mo"]),
            HistoryPlan.Common.from, HistoryPlan.Common.overlap,
            .duration("window", default: "0", "Longest stretch of one question; 0 for no limit."),
            .text(
                "dates", default: "date", choices: RESTDateForm.allCases.map(\.rawValue),
                "How `{from}` and `{to}` are written."),
            .text(
                "next", default: "", "Path of the next page's address, or of what asks for it (see `next_parameter`)."),
            .text("next_parameter", default: "", "Parameter of the address that takes the value at `next`."),
            HistoryPlan.Common.every("1d"), HistoryPlan.Common.limits("60/m"), HistoryPlan.Common.implausible,
            HistoryPlan.Common.authorities,
        ],
        example: """
            rest:
              source: polygon
              url: "https://api.polygon.io/v2/aggs/ticker/{symbol}/range/1/day/{from}/{to}?limit=50000"
              headers: ["Authorization: Bearer {token}"]
              token: "${POLYGON_KEY}"
              symbols: [AAPL, MSFT]
              venue: US
              rows: results
              fields: [time=t, open=o, high=h, low=l, close=c, volume=v, vwap=vw, trades=n]
              time_format: ms
              zone: America/New_York
              next: next_url
              limits: [5/m]
            """)

    let plan: HistoryPlan

    public init(_ options: Options) throws(ConfigError) {
        func template(_ name: String, _ text: String, element: Int? = nil) throws(ConfigError) -> RESTTemplate {
            let known = ["symbol", "from", "to", "month", "page", "token"]
            guard let template = RESTTemplate(text) else {
                throw options.error(name, element: element, "a brace is not closed", suggestion: "write `{symbol}`")
            }
            guard let unknown = template.names.first(where: { !known.contains($0) }) else { return template }
            throw options.error(
                name, element: element, "unknown place `{\(unknown)}`",
                suggestion: "known are \(known.map { "{\($0)}" }.joined(separator: ", "))")
        }
        let url = try template("url", options.text("url"))
        let sample = Dictionary(url.names.map { ($0, "1") }, uniquingKeysWith: { $1 })
        do throws(NetworkError) { _ = try HTTPURL(url.filled(sample, isURL: true)) } catch {
            throw options.error("url", error.message)
        }
        var vendor = RESTVendor(url: url, mapping: try Self.mapping(options))
        for (index, text) in options.list("headers").enumerated() {
            guard let colon = text.firstIndex(of: ":"), colon != text.startIndex, !text.contains("\n") else {
                throw options.error("headers", element: index, "`\(text)` is not `Name: value`")
            }
            vendor.headers.append(try template("headers", text, element: index))
        }
        vendor.dates = RESTDateForm(rawValue: options.text("dates")) ?? .date
        vendor.windowNs = options.durationNs("window")
        vendor.next = options.text("next")
        vendor.nextParameter = options.text("next_parameter")
        vendor.throttle = options.list("throttle")
        guard vendor.next.isEmpty || JSONPath(vendor.next) != nil else { throw options.error("next", "is no path") }
        var plan = try HistoryPlan(
            vendor, options, token: options.secret("token"), needsSymbols: url.names.contains("symbol"))
        if plan.order.symbols.isEmpty { plan.order.symbols = [RESTSymbol(all: options.text("venue"))] }
        if vendor.mapping.kind == .quotes { try plan.spread(options) }
        self.plan = plan
    }

    private static func mapping(_ options: Options) throws(ConfigError) -> AnswerMapping {
        func fields(_ name: String) throws(ConfigError) -> [String: String] {
            do throws(FeedError) {
                return try AnswerMapping.fields(assignments: options.list(name))
            } catch {
                throw options.error(name, error.message, suggestion: "write `[time=date, close=adjClose]`")
            }
        }
        var mapping = AnswerMapping(
            source: options.text("source"), kind: AnswerMapping.Kind(rawValue: options.text("kind")) ?? .bars)
        mapping.format = AnswerMapping.Format(rawValue: options.text("format")) ?? .json
        mapping.layout = AnswerGroup.Layout(rawValue: options.text("layout")) ?? .rows
        mapping.main = .init(rows: options.text("rows"), fields: try fields("fields"))
        mapping.dividends = .init(rows: options.text("dividend_rows"), fields: try fields("dividend_fields"))
        mapping.splits = .init(rows: options.text("split_rows"), fields: try fields("split_fields"))
        mapping.about = try fields("about_fields")
        mapping.errors = options.list("errors")
        mapping.timeFormat = CSVMapping.TimeFormat(rawValue: options.text("time_format")) ?? .text
        mapping.isTimeEnd = options.text("time_is") == "end"
        mapping.interval = options.text("interval")
        return mapping
    }
}
