/// An exchange as the generator of client operations knows it.
///
/// Hours are those of standard time, in minutes of the UTC day, Monday to Friday; in summer they are an hour off, and
/// holidays are not known.
struct TransactionExchange: Sendable {
    let name: String
    /// ISO 4217 code of its prices.
    let currency: String
    /// How much of all operations it has while every exchange is open.
    let weight: Double
    /// Minutes of the UTC day during which it is open.
    let sessions: [Range<Int>]
    /// Digits behind the point of its prices.
    let decimals: Int
    /// Tickers with a price about which theirs moves, the most popular first.
    let symbols: [(ticker: String, price: Double)]

    /// How much less is ordered while an exchange is closed.
    static let closedShare = 0.02

    /// True where it is open at a moment.
    func isOpen(atNs timeNs: Int64) -> Bool {
        let minutes = timeNs / 60_000_000_000
        // 1970-01-01 was a Thursday.
        let weekday = (minutes / 1440 + 3) % 7
        let minute = Int(minutes % 1440)
        return weekday < 5 && sessions.contains { $0.contains(minute) }
    }

    /// All exchanges, in the order of their numbers.
    static let all: [TransactionExchange] = [
        TransactionExchange(
            name: "NASDAQ", currency: "USD", weight: 26, sessions: [870..<1260], decimals: 2,
            symbols: [
                ("NVDA", 135.2), ("TSLA", 251.4), ("AAPL", 229.8), ("AMZN", 188.1), ("MSFT", 421.7), ("META", 561.3),
                ("GOOGL", 168.9), ("AMD", 149.6), ("NFLX", 702.5), ("AVGO", 171.2), ("INTC", 22.9), ("COST", 896.4),
                ("PYPL", 78.3), ("ADBE", 508.2), ("QCOM", 168.5), ("SBUX", 96.7), ("CSCO", 53.9), ("MRNA", 59.8),
                ("ABNB", 131.6), ("PEP", 171.4),
            ]),
        TransactionExchange(
            name: "NYSE", currency: "USD", weight: 22, sessions: [870..<1260], decimals: 2,
            symbols: [
                ("JPM", 214.6), ("F", 10.62), ("BRK.B", 455.3), ("DIS", 95.8), ("BAC", 41.9), ("XOM", 118.4),
                ("V", 284.7), ("WMT", 80.2), ("T", 21.4), ("KO", 69.1), ("NKE", 82.3), ("GE", 184.9), ("JNJ", 160.2),
                ("PG", 170.8), ("MET^E", 24.8), ("BAC^K", 24.3), ("BF.B", 45.1), ("PSA^H", 22.7), ("WFC", 63.9),
                ("PIC.WS", 0.42),
            ]),
        TransactionExchange(
            name: "LSE", currency: "GBP", weight: 9, sessions: [480..<990], decimals: 2,
            symbols: [
                ("SHEL", 25.9), ("HSBA", 6.93), ("BP.", 4.12), ("AZN", 117.8), ("LLOY", 0.56), ("VOD", 0.74),
                ("BARC", 2.31), ("ULVR", 47.9), ("RIO", 49.8), ("GSK", 14.9), ("BT.A", 1.36), ("NG.", 10.2),
            ]),
        TransactionExchange(
            name: "Euronext", currency: "EUR", weight: 9, sessions: [480..<990], decimals: 2,
            symbols: [
                ("MC", 641.2), ("ASML", 779.5), ("TTE", 60.3), ("AIR", 130.4), ("OR", 381.9), ("BNP", 61.8),
                ("SAN", 92.4), ("INGA", 15.38), ("ABI", 57.1), ("STLAP", 12.71), ("PHIA", 28.3), ("KER", 239.6),
            ]),
        TransactionExchange(
            name: "XETRA", currency: "EUR", weight: 7, sessions: [480..<990], decimals: 2,
            symbols: [
                ("SAP", 209.7), ("SIE", 175.1), ("ALV", 284.8), ("BMW", 76.2), ("DTE", 26.81), ("VOW3", 95.3),
                ("BAS", 46.1), ("MBG", 58.3), ("ADS", 219.8), ("HEN3", 79.6),
            ]),
        TransactionExchange(
            name: "SIX", currency: "CHF", weight: 3, sessions: [480..<980], decimals: 2,
            symbols: [
                ("NESN", 84.9), ("ROG", 274.6), ("NOVN", 98.3), ("UBSG", 26.12), ("ABBN", 48.9), ("CFR", 129.7),
            ]),
        TransactionExchange(
            name: "JPX", currency: "JPY", weight: 8, sessions: [0..<150, 210..<390], decimals: 1,
            symbols: [
                ("7203", 2601), ("9984", 8605), ("6758", 2712), ("8306", 1549), ("7974", 7895), ("9432", 148.2),
                ("6861", 67_950), ("8035", 23_990), ("4063", 5902), ("6098", 9506),
            ]),
        TransactionExchange(
            name: "HKEX", currency: "HKD", weight: 7, sessions: [90..<240, 300..<480], decimals: 2,
            symbols: [
                ("0700", 410.2), ("9988", 90.15), ("3690", 180.4), ("0005", 68.25), ("1810", 24.55), ("0939", 6.12),
                ("1299", 62.1), ("2318", 46.3), ("0388", 309.8), ("0941", 71.9),
            ]),
        TransactionExchange(
            name: "SSE", currency: "CNY", weight: 6, sessions: [90..<210, 300..<420], decimals: 2,
            symbols: [
                ("600519", 1549.8), ("600036", 36.48), ("601398", 6.11), ("601318", 52.3), ("600900", 28.77),
                ("601988", 4.92), ("600276", 48.1), ("688981", 77.9),
            ]),
        TransactionExchange(
            name: "NSE", currency: "INR", weight: 4, sessions: [225..<600], decimals: 2,
            symbols: [
                ("RELIANCE", 2901.4), ("TCS", 4203.2), ("INFY", 1851.7), ("HDFCBANK", 1679.8), ("ITC", 499.6),
                ("SBIN", 819.3), ("M&M", 2898.5), ("BAJAJ-AUTO", 11_004.1),
            ]),
        TransactionExchange(
            name: "TSX", currency: "CAD", weight: 4, sessions: [870..<1260], decimals: 2,
            symbols: [
                ("SHOP", 108.2), ("RY", 165.4), ("TD", 78.1), ("ENB", 54.3), ("CNR", 154.9), ("RCI.B", 52.2),
                ("TECK.B", 66.1), ("BBD.B", 94.8),
            ]),
    ]
}
