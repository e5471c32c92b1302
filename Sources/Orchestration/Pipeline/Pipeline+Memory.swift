internal import Databases
public import Feeds
internal import Journaling
internal import Lake
public import Market
internal import Synchronization

extension Pipeline: FeedMemory {
    public func lastBars(source: String, interval: String) throws -> [Instrument: Int64] {
        let sql = """
            SELECT venue, symbol, max(start_ns) FROM bars
            WHERE source = '\(Self.escaped(source))' AND "interval" = '\(Self.escaped(interval))' GROUP BY venue, symbol
            """
        var last: [Instrument: Int64] = [:]
        for row in try store.connect().query(sql).collect().rows {
            guard case .text(let venue) = row[0], case .text(let symbol) = row[1], case .integer(let start) = row[2]
            else { continue }
            last[Instrument(venue: venue, symbol: symbol)] = start
        }
        return last
    }

    public func lastTransactionNs() throws -> Int64? {
        let rows = try store.connect().query("SELECT max(event_time_ns) FROM transactions").collect().rows
        guard case .integer(let time)? = rows.first?.first else { return nil }
        return time
    }

    private static func escaped(_ text: String) -> String { text.replacing("'", with: "''") }

    /// Where the simulated market stopped, from the tables; nil where it never ran.
    public func simulatorState() throws -> SimulatorState? {
        let sql = """
            SELECT venue, symbol, arg_max(price, trade_id), max(trade_id), max(event_time_ns) FROM trades
            WHERE trade_id IS NOT NULL GROUP BY venue, symbol
            """
        var lastTrades: [Instrument: SimulatorState.LastTrade] = [:]
        var lastTimeNs = Int64.min
        for row in try store.connect().query(sql).collect().rows {
            guard case .text(let venue) = row[0], case .text(let symbol) = row[1], case .double(let price) = row[2],
                case .integer(let identifier) = row[3], case .integer(let time) = row[4]
            else { continue }
            lastTrades[Instrument(venue: venue, symbol: symbol)] = .init(price: price, tradeID: identifier)
            lastTimeNs = max(lastTimeNs, time)
        }
        return lastTrades.isEmpty ? nil : SimulatorState(lastEventTimeNs: lastTimeNs, lastTrades: lastTrades)
    }

    /// Records in the journal.
    public var journaled: Int64 { journal.nextOffset }

    /// Records whose rows queries see.
    public var visible: Int64 { store.visibleOffset + 1 }

    /// What a feed that was started is doing; nil where there is none of that name.
    public func feedState(_ name: String) -> FeedStatus.Snapshot? {
        feeds.all.first { $0.status.name == name }?.status.snapshot
    }
}
