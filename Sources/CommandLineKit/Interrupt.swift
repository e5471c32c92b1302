internal import CPlatform
internal import Platform

/// The wish of the user or of the system that this process ends: Ctrl-C or SIGTERM.
///
/// The first signal asks for an orderly end; the second ends the process at once with exit code 130.
///
/// - Threading: any thread.
public final class Interrupt: Sendable {
    /// The one of this process.
    public static let shared = Interrupt()

    private init() {}

    /// Starts to catch SIGINT and SIGTERM; once per process, a repeat does nothing.
    ///
    /// - Throws: where the system has no descriptor left.
    public func install() throws(InterruptError) {
        let status = td_interrupt_install()
        guard status == 0 else { throw InterruptError(code: status) }
    }

    /// True once a signal came or `request` was called.
    public var isRequested: Bool { td_interrupt_signal() != 0 }

    /// The signal that came first; nil before.
    public var signal: Int32? {
        let signal = td_interrupt_signal()
        return signal == 0 ? nil : signal
    }

    /// Asks for an orderly end as SIGTERM would.
    ///
    /// - Precondition: `install` was called.
    public func request() { td_interrupt_request() }

    /// Waits for the wish up to `timeoutNs` nanoseconds (nil: for ever).
    ///
    /// - Precondition: `install` was called.
    /// - Returns: `isRequested`.
    @discardableResult
    public func wait(timeoutNs: Int64? = nil) -> Bool {
        td_interrupt_wait(timeoutNs ?? -1)
        return isRequested
    }

    /// Runs `body` on a thread of its own once the wish is there.
    ///
    /// - Precondition: `install` was called.
    public func onRequest(_ body: @escaping @Sendable () -> Void) {
        _ = NamedThread("interrupt") {
            self.wait()
            body()
        }
    }
}

/// Signals cannot be caught.
public struct InterruptError: Error, Sendable, CustomStringConvertible {
    /// The system's error number.
    public let code: Int32

    public var description: String { "signals cannot be caught (error \(code)); raise the limit of open files" }
}
