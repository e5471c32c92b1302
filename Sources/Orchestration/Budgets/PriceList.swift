internal import Platform

/// What services cost, in US dollars: a line per fact, `#` begins a comment; docs/budgets.md shows the words.
struct PriceList: Sendable {
    /// What a price is for.
    enum Quantity: String, CaseIterable, Sendable {
        case rows, requests, bytes, units
        /// Bytes that stay for a month.
        case kept
    }

    /// The price of one quantity.
    struct Price: Sendable, Equatable {
        let quantity: Quantity
        let dollars: Double
        /// So much of the quantity costs that.
        let per: Double
        /// So much of it costs nothing in a month.
        let free: Double
    }

    /// Prices by service.
    private(set) var services: [String: [Price]] = [:]

    /// The published prices that the program comes with.
    static let standard: PriceList = {
        guard let list = try? PriceList(parsing: PriceData.text, file: nil) else {
            preconditionFailure("the program's own prices can be read")
        }
        return list
    }()

    /// - Throws: `ConfigError` with the line that cannot be read.
    init(parsing text: String, file: String?) throws(ConfigError) {
        var service: String?
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
            func problem(_ message: String) -> ConfigError {
                ConfigError(
                    file: file, line: number + 1, message, suggestion: "write `price requests 0.005 per 1000`")
            }
            switch words.first {
            case nil: continue
            case "service" where words.count == 2:
                service = words[1]
                services[words[1]] = []
            case "price":
                guard let service else { throw problem("a list of prices starts with `service NAME`") }
                guard let price = Self.price(Array(words.dropFirst())) else {
                    throw problem("`\(line.prefix { $0 != "#" })` is not a price")
                }
                services[service, default: []].append(price)
            case let word?: throw problem("`\(word)` is not known here")
            }
        }
    }

    /// Reads `units 40 per 1TiB free 10GiB`.
    private static func price(_ words: [String]) -> Price? {
        guard words.count == 4 || words.count == 6, let quantity = Quantity(rawValue: words[0]),
            let dollars = Double(words[1]), dollars >= 0, dollars.isFinite, words[2] == "per",
            let per = SizeText.bytes(words[3]), per > 0
        else { return nil }
        if words.count == 4 { return Price(quantity: quantity, dollars: dollars, per: Double(per), free: 0) }
        guard words[4] == "free", let free = SizeText.bytes(words[5]) else { return nil }
        return Price(quantity: quantity, dollars: dollars, per: Double(per), free: Double(free))
    }
}

extension [PriceList.Price] {
    /// What a month costs, in US dollars.
    func dollars(_ month: MonthUsage) -> Double {
        reduce(0) { sum, price in
            let amount: Double =
                switch price.quantity {
                case .rows: Double(month.usage.rows)
                case .requests: Double(month.usage.requests)
                case .bytes: Double(month.usage.bytes)
                case .units: Double(month.usage.units)
                case .kept: month.keptMonths
                }
            return sum + Swift.max(0, amount - price.free) / price.per * price.dollars
        }
    }
}
