/// One connection of a live line, from the attempt to its end.
struct LiveLink: Equatable {
    enum Phase: Equatable {
        case connecting
        case open
        /// Closed by us because nothing came; waits for the end.
        case silent
    }

    let number: Int
    var phase = Phase.connecting
    private(set) var openedNs: Int64 = 0
    /// When the last frame came, or the connection.
    private(set) var lastFrameNs: Int64 = 0
    private var hasFrame = false
    /// Messages sent that ask for data.
    private var ordersSent = 0
    private var lastOrderNs: Int64 = 0

    init(number: Int) { self.number = number }

    mutating func open(nowNs: Int64) {
        phase = .open
        (openedNs, lastFrameNs, lastOrderNs) = (nowNs, nowNs, nowNs)
    }

    mutating func received(nowNs: Int64) {
        lastFrameNs = nowNs
        hasFrame = true
    }

    /// The messages that are to be sent now, of `orders`; nil for none.
    mutating func nextOrders(of orders: Int, _ policy: LiveSession.Policy, nowNs: Int64) -> Range<Int>? {
        guard ordersSent < orders, ordersSent == 0 || nowNs - lastOrderNs >= policy.orderIntervalNs else { return nil }
        let part = ordersSent..<(policy.orderIntervalNs == 0 ? orders : ordersSent + 1)
        ordersSent = part.upperBound
        lastOrderNs = nowNs
        return part
    }

    /// Whether everything was asked for before `sinceNs`, and something has come.
    func delivers(_ orders: Int, sinceNs: Int64) -> Bool {
        hasFrame && ordersSent == orders && lastOrderNs <= sinceNs
    }
}
