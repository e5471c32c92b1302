import Foundation
import Market
import Platform
import Testing

@testable import Feeds

@Suite struct SimulatorFramesTests {
    private static func recorded(_ frames: SimulatedFrames) -> [RecordedOutput.Frame] {
        (0..<frames.count).map { index in
            RecordedOutput.Frame(
                bytes: frames.withFrame(index) { Array($0) }, ingestTimeNs: frames.ingestTimesNs[index])
        }
    }

    @Test func `the same seed and state give the same bytes, another seed others`() {
        let state = SimulatorState(
            lastEventTimeNs: 0, lastTrades: [Instrument("SIMX:NOVAQ"): .init(price: 200.5, tradeID: 77)])
        let first = SimulatedFrames(count: 2000, seed: 3, resume: state)
        let again = SimulatedFrames(count: 2000, seed: 3, resume: state)
        #expect(first.bytes == again.bytes && first.ingestTimesNs == again.ingestTimesNs)
        #expect(SimulatedFrames(count: 2000, seed: 4, resume: state).bytes != first.bytes)
        #expect(SimulatedFrames(count: 2000, seed: 3).bytes != first.bytes)
    }

    @Test(arguments: [2.0, 200, 50_000])
    func `every event decodes, and frames hold 1 to 20`(rate: Double) {
        let frames = SimulatedFrames(count: 2000, rate: rate)
        let decoded = DecodedFrames { FrameDecoders.simulator($0) }
        for frame in Self.recorded(frames) {
            let before = decoded.events.trades.count + decoded.events.quotes.count
            decoded.decode(frame.bytes)
            let events = decoded.events.trades.count + decoded.events.quotes.count - before
            if !(1...20).contains(events) { Issue.record("a frame of \(events) events") }
        }
        #expect(decoded.deadLetters.isEmpty)
        #expect(decoded.events.ignored == 0)
        #expect(decoded.events.trades.count + decoded.events.quotes.count == frames.events)
        #expect(decoded.events.quotes.count > 0)
        #expect((0..<decoded.events.quotes.count).allSatisfy { decoded.events.quotes.flags[$0] == 0 })
    }

    @Test func `frames are JSON whose numbers are exact texts on the grid`() throws {
        let grids = Dictionary(
            uniqueKeysWithValues: SimulatedInstrument.all.map { ("\($0.instrument)", $0) })
        let event = /\{"s":"([A-Z:]+)","t":(\d{19}),([^}]*)\}/
        let field = /"([pvbBaA])":([0-9.]+)/
        let number = /(0|[1-9]\d*)(\.(\d+))?/
        var checked = 0
        for frame in Self.recorded(SimulatedFrames(count: 300)) {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(frame.bytes)) }
            let text = String(decoding: frame.bytes, as: UTF8.self)
            for match in text.matches(of: event) {
                let instrument = try #require(grids[String(match.1)])
                for part in match.3.matches(of: field) {
                    let grid = "vBA".contains(part.1) ? instrument.size : instrument.price
                    let digits = try #require(try number.wholeMatch(in: part.2))
                    #expect((digits.3?.count ?? 0) == grid.decimals)
                    let units = try #require(Int64(part.2.filter { $0 != "." }))
                    #expect(units > 0 && units % grid.step == 0)
                    checked += 1
                }
            }
        }
        #expect(checked > 4000)
    }

    @Test func `ids are contiguous once sorted, and a few of a hundred trades come late by less than 1.5 s`() {
        let frames = Self.recorded(SimulatedFrames(count: 12_000, rate: 500))
        let delivered = DeliveredTrades(frames)
        let trades = delivered.decoded.events.trades
        for (instrument, ids) in delivered.ids {
            // The last seconds may lack what is still held back.
            let complete = ids.sorted().prefix(ids.count - min(ids.count / 2, 60))
            #expect(Array(complete) == Array(1...Int64(complete.count)), "\(instrument)")
            #expect(Set(ids).count == ids.count)
        }
        var newestNs: Int64 = 0, late = 0, tooLate = 0, early = 0
        for row in 0..<trades.count {
            let timeNs = trades.eventTimeNs[row]
            if timeNs < newestNs { late += 1 }
            newestNs = max(newestNs, timeNs)
            let lagNs = trades.ingestTimeNs[row] - timeNs
            if lagNs >= SimulatorFrames.longestDelayNs { tooLate += 1 }
            if lagNs < 2_000_000 { early += 1 }
        }
        let share = Double(late) / Double(trades.count)
        #expect(share > 0.01 && share < 0.05)
        #expect(tooLate == 0)
        #expect(early == 0)
        #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.ingestTimeNs <= $1.ingestTimeNs })
    }

    @Test func `how far the market is asked for does not change what it delivers`() {
        func texts(stepNs: Int64) -> [[UInt8]] {
            let startNs: Int64 = 1_700_000_000_000_000_000
            let frames = SimulatorFrames(
                MarketModel(seed: 9, rate: 300, burstIntervalNs: 0, startNs: startNs), seed: 9)
            var texts: [[UInt8]] = []
            for limitNs in stride(from: startNs, through: startNs + 20_000_000_000, by: Int(stepNs)) {
                while let frame = frames.next(sentBy: limitNs) { texts.append(Array(frame.payload)) }
            }
            return texts
        }
        let coarse = texts(stepNs: 20_000_000_000)
        #expect(coarse.count > 300)
        #expect(texts(stepNs: 1_000_000) == coarse)
    }
}
