@testable import Feeds

extension ConformingFeed {
    private static let mt5Symbols = ["EURUSD", "XAUUSD"]
    /// How far the broker's clock is ahead of UTC.
    private static let offsetS: Int64 = 7200

    static let mt5 = ConformingFeed(
        name: "mt5", instruments: mt5Symbols.map { "MT5:\($0)" }, secret: "s3cr3t",
        lines: { venue in
            let symbols = mt5Symbols.joined(separator: ",")
            let feed = try MT5Feed(options(MT5Feed.spec, venue, ["token=s3cr3t", "symbols=\(symbols)"]))
            return ([feed.venue], nil)
        },
        asked: { text in
            let message = object(text)
            guard message["type"] as? String == "subscribe", let symbols = message["symbols"] as? [String] else {
                return []
            }
            return mt5Symbols.indices.filter { symbols.contains(mt5Symbols[$0]) }
        },
        greeting: [
            #"{"type":"hello","seq":1,"protocol":1,"server":"Demo","account":1,"currency":"EUR","window":1000}"#
        ],
        trade: { place, number in
            let time = timeMs(number) + offsetS * 1000
            return
                #"{"type":"ticks","seq":\#(number),"symbol":"\#(mt5Symbols[place])","offset_s":\#(offsetS),"ticks":[[\#(time),0,100.25,100.5,0.0,0.0,6]]}"#
        },
        noise: [#"{"type":"heartbeat","seq":5,"utc_msc":1700000000000,"terminal":true,"offset_s":7200}"#],
        malformed: #"{"type":"ticks","seq":7,"symbol":"#, hasNumbers: false)
}
