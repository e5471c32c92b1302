internal import Market
internal import Networking
internal import Platform
internal import Synchronization

/// Asks a vendor for the history of symbols: at first all of it, later what is missing and a little before it, so that
/// corrections are seen.
final class RESTHistory: RESTConversation {
    /// What is asked for.
    struct Order: Sendable {
        var symbols: [RESTSymbol]
        /// Start of the history, in nanoseconds since 1970 UTC.
        var fromNs: Int64
        /// How far before the latest known bar is asked again.
        var overlapNs: Int64
        var token: Secret
    }

    private let vendor: RESTVendor
    private let order: Order
    private let clock: ZoneClock
    /// Up to where each symbol was answered, by its place.
    private let answeredNs: Mutex<[Int64?]>
    /// Whether the instruments were asked for.
    private let knowsInstruments = Atomic(false)
    private static let mostPages = 10_000

    /// - Parameter knownNs: start of the latest bar of symbols that were answered in earlier runs.
    init(_ vendor: RESTVendor, _ order: Order, knownNs: [Instrument: Int64] = [:]) {
        self.vendor = vendor
        self.order = order
        guard let clock = ZoneClock(vendor.mapping.zone) else { preconditionFailure("unchecked zone") }
        self.clock = clock
        answeredNs = Mutex(order.symbols.map { knownNs[$0.instrument] })
    }

    func calls(nowNs: Int64) throws -> [RESTCall] {
        var calls: [RESTCall] = []
        let known = answeredNs.withLock { $0 }
        for (index, symbol) in order.symbols.enumerated() {
            if let about = vendor.about, !knowsInstruments.load(ordering: .acquiring) {
                calls.append(try call(about.url, symbol, index, part: "about", values: [:]))
            }
            let startNs = known[index].map { max(order.fromNs, $0 - order.overlapNs) } ?? order.fromNs
            for (fromNs, toNs) in windows(startNs, nowNs) {
                let isRecent = vendor.recent.map { nowNs - startNs <= $0.spanNs } ?? false
                let template = isRecent ? vendor.recent?.url ?? vendor.url : vendor.url
                var call = try call(template, symbol, index, part: "", values: values(fromNs, toNs))
                call.untilNs = toNs
                calls.append(call)
            }
        }
        knowsInstruments.store(true, ordering: .releasing)
        return calls
    }

    /// The stretches to ask for, oldest first.
    private func windows(_ startNs: Int64, _ nowNs: Int64) -> [(fromNs: Int64, toNs: Int64)] {
        let names = vendor.url.names
        if names.contains("month") { return months(startNs, nowNs) }
        guard names.contains("from"), vendor.windowNs > 0, startNs < nowNs else { return [(startNs, nowNs)] }
        return stride(from: startNs, to: nowNs, by: Int(vendor.windowNs)).map { fromNs in
            (fromNs, min(nowNs, fromNs + vendor.windowNs))
        }
    }

    private func months(_ startNs: Int64, _ nowNs: Int64) -> [(fromNs: Int64, toNs: Int64)] {
        var (year, month, _) = CivilDate(daysSinceEpoch: clock.day(utcNs: startNs)).components
        var windows: [(fromNs: Int64, toNs: Int64)] = []
        while let first = CivilDate(year: year, month: month, day: 1), first.start.nanoseconds <= nowNs {
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
            let next = CivilDate(year: year, month: month, day: 1)?.start.nanoseconds ?? nowNs
            windows.append((first.start.nanoseconds, min(next, nowNs)))
        }
        return windows
    }

    private func values(_ fromNs: Int64, _ toNs: Int64) -> [String: String] {
        let month = RESTDateForm.date.text((fromNs + toNs) / 2, clock).prefix(7)
        return [
            "from": vendor.dates.text(fromNs, clock), "to": vendor.dates.text(toNs, clock), "month": String(month),
            "page": "1",
        ]
    }

    private func call(
        _ url: RESTTemplate, _ symbol: RESTSymbol, _ index: Int, part: String, values: [String: String]
    ) throws(NetworkError) -> RESTCall {
        let places = values.merging(["symbol": symbol.asked, "token": order.token.text]) { $1 }
        var headers = HTTPHeaders()
        for template in vendor.headers {
            let field = template.filled(places, isURL: false)
            let name = field.prefix { $0 != ":" }
            headers.add(String(name), String(field.dropFirst(name.count + 1).drop { $0 == " " }))
        }
        let address = try HTTPURL(url.filled(places, isURL: true))
        var fields = [("symbol", symbol.instrument.symbol), ("venue", symbol.instrument.venue)]
        if !part.isEmpty { fields.append(("part", part)) }
        return RESTCall(
            label: "\(symbol.instrument)", request: HTTPClientRequest(url: address, headers: headers),
            fields: fields.map { (name: $0.0, value: $0.1) }, template: url, values: places, symbol: index)
    }

    // MARK: Answers

    func verdict(on response: HTTPResponse, to call: RESTCall) -> RESTVerdict {
        let start = String(decoding: response.body.prefix(2000), as: UTF8.self)
        if let text = vendor.throttle.first(where: { start.contains($0) }) {
            return .throttled(leastNs: nil, "the answer says `\(text)`")
        }
        let mapping = mapping(of: call)
        guard mapping.format == .json else { return .taken }
        guard let values = JSONValues(response.body, paths: mapping.errors) else {
            return .refused("the answer is not JSON")
        }
        return values.texts.lazy.compactMap { $0 }.first.map { .refused($0) } ?? .taken
    }

    func next(after response: HTTPResponse, to call: RESTCall) -> RESTCall? {
        if call.page < Self.mostPages, var next = followed(response, call) {
            next.page = call.page + 1
            return next
        }
        if let untilNs = call.untilNs {
            answeredNs.withLock { $0[call.symbol] = max($0[call.symbol] ?? .min, untilNs) }
        }
        return nil
    }

    private func mapping(of call: RESTCall) -> AnswerMapping {
        call.fields.contains { $0.name == "part" } ? vendor.about?.mapping ?? vendor.mapping : vendor.mapping
    }

    private func followed(_ response: HTTPResponse, _ call: RESTCall) -> RESTCall? {
        var next = call
        if !vendor.next.isEmpty {
            guard let text = JSONValues(response.body, paths: [vendor.next])?.texts[0] else { return nil }
            if text.contains("://") {
                // Another host has no business with our key.
                guard let url = try? HTTPURL(text), url.origin == call.request.url.origin else { return nil }
                next.request.url = url
            } else {
                let first = try? HTTPURL(call.template.filled(call.values, isURL: true))
                guard let url = try? first?.adding(vendor.nextParameter, text) else { return nil }
                next.request.url = url
            }
            return next
        }
        guard call.template.names.contains("page"), rowCount(response, call) > 0 else { return nil }
        next.values["page"] = "\(call.page + 1)"
        guard let url = try? HTTPURL(next.template.filled(next.values, isURL: true)) else { return nil }
        next.request.url = url
        return next
    }

    private func rowCount(_ response: HTTPResponse, _ call: RESTCall) -> Int {
        let mapping = mapping(of: call)
        let groups = AnswerGroups(mapping)
        guard let table = try? groups.makeTable(mapping.format) else { return 0 }
        return PaddedBytes.with(response.body) { body in
            unsafe table.read(body) == nil ? table.rows(groups.main.group) : 0
        }
    }
}
