import Synchronization

@testable import Networking
@testable import Serving

/// A client that takes so many messages and then no more.
final class FakeClient: LiveClient {
    private struct State {
        var room: Int
        var messages: [String] = []
        var offers: [Int] = []
        var flushes = 0
        var isClosed = false
        var offersBehindClose = 0
    }
    private let state: Mutex<State>

    init(room: Int) { state = Mutex(State(room: room)) }

    func offer(_ frames: WebSocketFrames, _ runs: [Range<Int>]) -> Int {
        state.withLock { state in
            if state.isClosed { state.offersBehindClose += 1 }
            let taken = runs.joined().prefix(state.room)
            for index in taken {
                let text = String(decoding: frames.message(index).bytes, as: UTF8.self)
                state.messages.append(String(text[(text.firstIndex(of: "{") ?? text.endIndex)...]))
            }
            state.room -= taken.count
            state.offers.append(taken.count)
            return taken.count
        }
    }

    func flush() { state.withLock { $0.flushes += 1 } }

    var messages: [String] { state.withLock { $0.messages } }
    /// Messages taken of each offer.
    var offers: [Int] { state.withLock { $0.offers } }
    var flushes: Int { state.withLock { $0.flushes } }
    func makeRoom(_ room: Int) { state.withLock { $0.room = room } }

    /// From here on nothing must be offered.
    func close() { state.withLock { $0.isClosed = true } }
    var offersBehindClose: Int { state.withLock { $0.offersBehindClose } }
}
