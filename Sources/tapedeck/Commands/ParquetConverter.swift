internal import Databases
internal import Feeds
internal import Foundation
internal import Synchronization

/// Makes Parquet files into text files that a replay reads, through DuckDB; removed with this object.
final class ParquetConverter: Sendable {
    private let folder: String
    private let count = Mutex(0)

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/tapedeck-parquet-\(UUID().uuidString)"
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Names that columns have in practice, by what they are; the first that is there is taken.
    private static let names: [(name: String, known: [String])] = [
        ("venue", ["venue", "exchange"]), ("symbol", ["symbol", "ticker", "instrument_id", "instrument"]),
        ("price", ["price", "px", "last"]), ("size", ["size", "quantity", "qty", "volume", "amount"]),
        ("side", ["side", "aggressor_side"]), ("trade_id", ["trade_id", "id"]),
        ("bid", ["bid", "bid_price"]), ("bid_size", ["bid_size", "bid_amount", "bid_qty"]),
        ("ask", ["ask", "ask_price"]), ("ask_size", ["ask_size", "ask_amount", "ask_qty"]),
    ]
    private static let buyerIsMaker = ["buyer_maker", "is_buyer_maker"]
    private static let times = ["event_time_ns", "ts_event", "event_time", "timestamp", "time", "ts"]

    /// Converts one file.
    ///
    /// - Returns: the path of the text file, with the header that `ReplayOptions.convertParquet` asks for.
    func convert(_ path: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let number = count.withLock { count in
            count += 1
            return count
        }
        let target = "\(folder)/\(number)-\(URL(filePath: path).deletingPathExtension().lastPathComponent).csv"
        let connection = try Database.duckDB().connect()
        let source = "read_parquet(\(SQLText.literal(path)))"
        let described = try connection.query("DESCRIBE SELECT * FROM \(source)").collect().rows
        let types = Dictionary(described.map { ($0[0].text, $0[1].text) }) { first, _ in first }
        guard let time = Self.times.first(where: { types[$0] != nil }), let type = types[time] else {
            throw FeedError(
                .format, "no column of times; known names are \(Self.times.joined(separator: ", "))", operation: path)
        }
        let column = SQLText.identifier(time)
        let nanoseconds = type.hasPrefix("TIMESTAMP") ? "epoch_ns(\(column))" : "\(column)::BIGINT"
        let isQuotes = types["bid"] != nil || types["bid_price"] != nil
        let wanted =
            isQuotes
            ? ["venue", "symbol", "bid", "bid_size", "ask", "ask_size"]
            : ["venue", "symbol", "price", "size", "side", "trade_id"]
        var columns = ["\(nanoseconds) AS event_time_ns"]
        for name in wanted {
            let known = Self.names.first { $0.name == name }?.known ?? []
            if let found = known.first(where: { types[$0] != nil }) {
                columns.append("\(SQLText.identifier(found)) AS \(name)")
            } else if name == "side", let maker = Self.buyerIsMaker.first(where: { types[$0] != nil }) {
                // The aggressor is the other side of the maker.
                columns.append("CASE WHEN \(SQLText.identifier(maker))::BOOLEAN THEN 'sell' ELSE 'buy' END AS side")
            }
        }
        try connection.execute(
            "COPY (SELECT \(columns.joined(separator: ", ")) FROM \(source) ORDER BY 1) "
                + "TO \(SQLText.literal(target)) (HEADER, DELIMITER ',')")
        return target
    }
}
