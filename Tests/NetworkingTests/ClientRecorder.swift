import Foundation
import Networking
import Platform
import Synchronization
import TestKit

/// Remembers what a client connection lived through.
final class ClientRecorder: WebSocketClientDelegate {
    struct State {
        var opened = 0
        var messages: [[UInt8]] = []
        var kinds: [Bool] = []
        var times: [Timestamp] = []
        var ticks = 0
        var end: WebSocketEnd?
        var ends = 0
    }
    private let condition = NSCondition()
    private nonisolated(unsafe) var state = State()  // the condition's lock guards it

    func opened() { change { $0.opened += 1 } }
    func received(_ message: RawSpan, isText: Bool, at time: Timestamp) {
        let bytes = message.withUnsafeBytes { Array($0) }
        change {
            $0.messages.append(bytes)
            $0.kinds.append(isText)
            $0.times.append(time)
        }
    }
    func ticked() { change { $0.ticks += 1 } }
    func ended(_ end: WebSocketEnd) {
        change {
            $0.end = end
            $0.ends += 1
        }
    }

    private func change(_ body: (inout State) -> Void) {
        condition.lock()
        body(&state)
        condition.broadcast()
        condition.unlock()
    }

    /// Waits for what came in.
    @discardableResult
    func wait(_ fulfilled: (State) -> Bool) -> State {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Patience.end
        while !fulfilled(state) && condition.wait(until: deadline) {}
        return state
    }

    /// The messages, once there are `count`.
    func texts(_ count: Int) -> [String] {
        wait { $0.messages.count >= count || $0.end != nil }.messages.map { String(decoding: $0, as: UTF8.self) }
    }

    /// How it failed.
    func failure() -> NetworkError? {
        guard case .failed(let error) = wait({ $0.end != nil }).end else { return nil }
        return error
    }

    /// The close frame it ended with.
    func closing() -> (code: UInt16, reason: String)? {
        guard case .closed(let code, let reason) = wait({ $0.end != nil }).end else { return nil }
        return (code, reason)
    }
}
