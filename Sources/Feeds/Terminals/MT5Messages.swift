internal import Platform

/// What is said to the bridge.
///
/// - Source: docs/feeds/mt5-protocol.md.
package struct MT5Messages: Sendable {
    private let symbols: String
    private let wantsAccount: Bool
    private let historySeconds: Int64

    package init(symbols: [String], wantsAccount: Bool, historySeconds: Int64) {
        self.symbols = symbols.map { JSONText.quoted($0) }.joined(separator: ",")
        self.wantsAccount = wantsAccount
        self.historySeconds = historySeconds
    }

    /// Asks for the symbols and the account.
    package var subscribe: String {
        "{\"type\":\"subscribe\",\"symbols\":[\(symbols)],\"account\":\(wantsAccount),\"history_s\":\(historySeconds)}"
    }

    /// Ends that.
    package var unsubscribe: String {
        "{\"type\":\"unsubscribe\",\"symbols\":[\(symbols)],\"account\":\(wantsAccount)}"
    }

    /// Acknowledges the first `frames` frames of the connection: the bridge numbers them from 1.
    package static func acknowledge(_ frames: Int) -> String { "{\"type\":\"ack\",\"seq\":\(frames)}" }
}
