@testable import Feeds

/// The settings of a session, as a `begin` record has them, and its frames.
struct SessionFuzzer: FuzzTarget {
    static let name = "session"

    func run(_ input: [UInt8]) {
        let records = input.records
        let settings = String(decoding: records[0], as: UTF8.self)
        let frames = Array(records.dropFirst())
        do throws(FeedError) {
            let make = { (context: DecoderContext) throws(FeedError) in
                try FrameDecoders.make(context, settings: settings)
            }
            let single = try DecodedInput(make)
            let run = try DecodedInput(make)
            single.decode(frames, asRun: false)
            run.decode(frames, asRun: true)
            single.checkRows()
            single.checkSame(run)
        } catch {
            require(!error.message.isEmpty, "an error without words")
        }
    }

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        let frames = try folder.contents("frames").filter { $0.count < 600 }.prefix(60)
        let decoders = [
            #"{"decoder":"finnhub","venue":"US"}"#, #"{"decoder":"binance"}"#, #"{"decoder":"simulator"}"#,
            #"{"decoder":"csv","kind":"trades","time":"0","time_format":"ms","price":"1","size":"2","symbol":"A"}"#,
            #"{"decoder":"csv","bid":"1","ask":"2","time":"0","zone":"UTC+05:30","symbol_column":"3","venue":"V"}"#,
            #"{"decoder":"csv","time":"1","date":"2013-10-07","time_format":"ms_of_day","zone":"Europe/Paris","price":"0","conditions":"3+4","delimiter":";","price_scale":"1e4","symbol":"S"}"#,
            #"{"decoder":"csv","time":"time","price":"1","header":"true","side":"4","side_means":"buyer_is_maker","symbol":"S"}"#,
            #"{"decoder":"coinbase"}"#, #"{"decoder":"kraken","venue":"K"}"#,
            #"{"decoder":"dukascopy","symbol":"GBPJPY","hour":"2012-11-01T00:00:00Z","price_scale":"1000"}"#,
            #"{"decoder":"csv","time":"0","open":"1","high":"2","low":"3","close":"4","size":"5","adjusted_close":"6","interval":"1d","source":"v","symbol":"S"}"#,
            #"{"decoder":"csv","kind":"ticks","time":"0","time_of_day":"1","bid":"2","ask":"3","blank":"unchanged","symbol":"S"}"#,
            #"{"decoder":"consumed","format":"trades","positions":"\"stream\":\"t\",\"partition\":\"0\",\"position\":\"6\""}"#,
            #"{"decoder":"lean-factors","symbol":"S"}"#, #"{"decoder":"lean-tickers","symbol":"S"}"#,
        ].map { Array($0.utf8) }
        let lines = [
            "1,2,3,4", "1;2;3;4;5", "2020-01-01 00:00:00,1,2,A", "2020-01-02,1,2,0.5,1.5,7,1.4\n", "20200102,0.5,1\n",
            #"{"consumed":{"stream":"t","partition":"0","generation":"1","position":"7","time_ns":5}}"#
                + "\n{\"symbol\":\"A\",\"event_time_ns\":5,\"price\":1,\"size\":1}",
            #"{"consumed":{"stream":"t","id":"a\"b","value":null}}"# + "\n",
        ].map { Array($0.utf8) }
        let played = frames.enumerated().map { decoders[$0.offset % 3] + [0x1e] + $0.element }
        return decoders + played + lines.flatMap { line in decoders.dropFirst(3).map { $0 + [0x1e] + line } }
    }
}
