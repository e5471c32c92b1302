import TestKit
import Testing

@testable import Networking
@testable import Serving

@Suite struct HeldMessagesTests {
    @Test(arguments: 0..<50 as Range<UInt64>)
    func `the newest of each subject leaves in the order of publication`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var held = HeldMessages()
        var model: [(instrument: UInt32, text: [UInt8])] = []
        for step in 0..<1000 {
            if Int.random(in: 0..<4, using: &random) == 0 {
                #expect(
                    held.first?.message(0).bytes.dropFirst(2).elementsEqual(model.first?.text ?? []) ?? model.isEmpty)
                held.removeFirst()
                if !model.isEmpty { model.removeFirst() }
            } else {
                let instrument = UInt32.random(in: 0..<20, using: &random)
                let text = Array("\(step)".utf8)
                let replaced = held.hold(
                    WebSocketFrames(text: text), LiveSubject(channel: .trades, instrument: instrument))
                #expect(replaced == model.contains { $0.instrument == instrument })
                model.removeAll { $0.instrument == instrument }
                model.append((instrument, text))
            }
            #expect(held.count == model.count)
            #expect(held.isEmpty == model.isEmpty)
        }
    }
}
