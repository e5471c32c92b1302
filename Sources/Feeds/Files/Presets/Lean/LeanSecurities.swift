internal import Foundation
internal import Platform

/// What the folders `map_files` and `factor_files` of a Lean data folder say about the companies behind tickers.
///
/// - Source: QuantConnect/Lean, `Data/equity/readme.md`, classes `MapFile` and `FactorFile`: a row holds up to and
///   including its day; the first row of a map file is the first day of the data.
struct LeanSecurities {
    /// A ticker in the hands of one company.
    struct Holding: Sendable {
        let ticker: String
        let from: CivilDate
        let through: CivilDate
        /// First ticker and first day: what stays the same when the ticker changes.
        let permanentID: String
        /// Name of the company's files, its last ticker.
        let file: String
    }

    /// A row of a factor file.
    struct Factor: Sendable {
        let through: CivilDate
        let price: Double
        let split: Double
        /// Close of that day.
        let close: Double
    }

    /// The last day of rows that hold still.
    static let openEnd = CivilDate(year: 2050, month: 12, day: 31) ?? CivilDate(daysSinceEpoch: 29_584)

    /// The folder that holds `daily`, `map_files` and `factor_files`.
    private let folder: String
    /// By ticker, in the order of time.
    private var holdings: [String: [Holding]] = [:]
    /// By the name of the file.
    private var factors: [String: [Factor]] = [:]

    init(folder: String) {
        self.folder = folder
        for (name, text) in Self.files(folder + "/map_files") {
            for holding in Self.holdings(text, file: name) { holdings[holding.ticker, default: []].append(holding) }
        }
        for ticker in holdings.keys { holdings[ticker]?.sort { $0.from < $1.from } }
        for (name, text) in Self.files(folder + "/factor_files") { factors[name] = Self.factors(text) }
    }

    private static func files(_ folder: String) -> [(name: String, text: String)] {
        let names = (try? Folder.names(folder)) ?? []
        return names.filter { $0.hasSuffix(".csv") }.compactMap { name in
            guard let text = try? String(contentsOfFile: folder + "/" + name, encoding: .utf8) else { return nil }
            return (FileSample.stem(name).uppercased(), text)
        }
    }

    /// The tickers of a company, from the rows of its map file.
    static func holdings(_ text: String, file: String) -> [Holding] {
        let rows = text.split(whereSeparator: \.isNewline).compactMap { line -> (day: CivilDate, ticker: String)? in
            let fields = line.split(separator: ",")
            guard fields.count >= 2, let day = CivilDate(fields[0]) else { return nil }
            return (day, fields[1].uppercased())
        }
        guard let first = rows.first else { return [] }
        var from = first.day
        return rows.dropFirst().map { row in
            defer { from = CivilDate(daysSinceEpoch: row.day.daysSinceEpoch + 1) }
            return Holding(
                ticker: row.ticker, from: from, through: row.day, permanentID: "\(first.ticker) \(first.day)",
                file: file)
        }.filter { $0.from <= $0.through }
    }

    static func factors(_ text: String) -> [Factor] {
        text.split(whereSeparator: \.isNewline).compactMap { factor(line: $0) }
    }

    /// A row `20140606,0.8961764,0.03571430,645.57`; nil where it is none.
    static func factor(line: some StringProtocol) -> Factor? {
        let fields = line.split(separator: ",")
        guard fields.count == 4, let day = CivilDate(fields[0]), let price = Double(fields[1]),
            let split = Double(fields[2]), let close = Double(fields[3]), price > 0, split > 0
        else { return nil }
        return Factor(through: day, price: price, split: split, close: close)
    }

    /// Who held a ticker, in the order of time.
    func holders(of ticker: String) -> [Holding] { holdings[ticker] ?? [] }

    /// The tickers of the company whose map file has this name, in the order of time.
    func tickers(ofFile file: String) -> [Holding] {
        holdings.values.joined().filter { $0.file == file }.sorted { $0.from < $1.from }
    }

    /// What closes of a ticker's bars are multiplied by; not known for days on which no known company had the ticker.
    func adjustments(of ticker: String) -> [CSVMapping.Adjustment] {
        var pieces: [CSVMapping.Adjustment] = []
        var covered: CivilDate?
        for holding in holders(of: ticker) {
            let before = CivilDate(daysSinceEpoch: holding.from.daysSinceEpoch - 1)
            if covered.map({ $0 < before }) ?? true { pieces.append(.init(through: before, factor: .nan)) }
            let factors = (factors[holding.file] ?? []).filter { $0.through >= holding.from }
            for factor in factors {
                pieces.append(
                    .init(through: min(factor.through, holding.through), factor: factor.price * factor.split))
                if factor.through >= holding.through { break }
            }
            if factors.last.map({ $0.through < holding.through }) ?? true {
                pieces.append(.init(through: holding.through, factor: .nan))
            }
            covered = holding.through
        }
        return pieces
    }

    /// The trading days of a company, from its daily bars; empty where there are none.
    func tradingDays(ofFile file: String) -> [CivilDate] {
        tickers(ofFile: file).flatMap { holding in
            days(of: holding.ticker).filter { $0 >= holding.from && $0 <= holding.through }
        }
    }

    /// The days of the bars of a ticker, whoever had it.
    func days(of ticker: String) -> [CivilDate] {
        let path = "\(folder)/daily/\(ticker.lowercased()).zip"
        guard let archive = try? ZipArchive(path: path), let member = archive.members.first(where: { !$0.isFolder }),
            let stream = try? archive.open(member)
        else { return [] }
        let lines = LineReader(stream, path: path)
        var days: [CivilDate] = []
        while let line = unsafe (try? lines.next()) ?? nil {
            if let day = CivilDate(unsafe String(decoding: line.prefix(8), as: UTF8.self)) { days.append(day) }
        }
        return days
    }
}
