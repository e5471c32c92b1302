internal import Networking

/// One client of the live stream: what it asked for, what goes to it, what it could not take.
///
/// - Threading: under the stream's lock.
final class LiveMember: @unchecked Sendable {  // used under the lock of the stream only
    let client: any LiveClient
    /// Channels of which it takes every instrument, by channel.
    var takesAll = [Bool](repeating: false, count: Subscription.Channel.allCases.count)
    /// Names it asked for, by channel.
    var topics = [Set<SubscriberIndex.Topic>](repeating: [], count: Subscription.Channel.allCases.count)
    private var intervals = Subscription.Intervals()
    /// Whether it wants an interval, by the stream's number of it.
    private(set) var wantsInterval: [Bool]
    /// False once the client is gone, until nothing refers to it any more.
    var isOpen = true
    private var held = HeldMessages()
    private var lost: Int64 = 0
    /// Something is held for it.
    var isSlow: Bool { !held.isEmpty }
    /// Messages of the publication under way that go to it, neighbours together.
    private var runs: [Range<Int>] = []

    /// A client that has asked for nothing yet.
    ///
    /// - Parameter intervals: intervals that the stream has numbered so far.
    init(_ client: any LiveClient, intervals: Int) {
        self.client = client
        wantsInterval = [Bool](repeating: true, count: intervals)
    }

    func addIntervals(_ request: Subscription.Request, _ numbers: [String: Int]) {
        intervals.add(request)
        for (text, number) in numbers { wantsInterval[number] = intervals.contains(text) }
    }

    /// The stream numbered another interval.
    func learnInterval(_ text: String) { wantsInterval.append(intervals.contains(text)) }

    /// Addresses a message to it, once.
    ///
    /// - Returns: true where it is the first of the publication.
    func address(_ message: Int) -> Bool {
        guard let last = runs.last else {
            runs.append(message..<message + 1)
            return true
        }
        if last.upperBound == message {
            runs[runs.count - 1] = last.lowerBound..<message + 1
        } else if last.upperBound < message {
            runs.append(message..<message + 1)
        }
        return false
    }

    /// Hands over what was addressed to it; what does not fit is held, as is everything behind something held.
    func deliver(_ frames: WebSocketFrames, _ subjects: [LiveSubject]) {
        defer { runs.removeAll(keepingCapacity: true) }
        var accepted = held.isEmpty ? client.offer(frames, runs) : 0
        for run in runs {
            let taken = min(accepted, run.count)
            accepted -= taken
            for message in run.dropFirst(taken) where held.hold(frames.message(message), subjects[message]) {
                lost += 1
            }
        }
    }

    /// Gives what was held, as far as there is room, behind the number of messages that were lost.
    func release() {
        if lost > 0 {
            guard offer(LiveMessages.dropped(lost)) else { return }
            lost = 0
        }
        while let message = held.first {
            guard offer(message) else { return }
            held.removeFirst()
        }
    }

    private func offer(_ message: WebSocketFrames) -> Bool { client.offer(message, [0..<1]) == 1 }
}
