internal import CNetworking
internal import CWebSockets
internal import Glibc
internal import Platform
internal import Synchronization

/// What happens on a service thread.
protocol LibraryServiceDelegate: AnyObject, Sendable {
    /// A callback of the library; a result other than zero closes `connection`.
    @unsafe func handle(
        _ event: lws_callback_reasons, connection: OpaquePointer?, input: UnsafeMutableRawPointer?, count: Int
    ) -> Int32
    /// The thread is up; called on it, before anything else.
    func started()
    /// Another thread called `wake`.
    func woken()
    /// The timer went off.
    func tick()
}

/// One libwebsockets context and the thread that serves it.
///
/// - Threading: `wake` and `endLoop` from any thread; everything else before `start` or on the service thread.
@safe
final class LibraryService: @unchecked Sendable {  // `gate` guards the context; the rest belongs to the service thread
    @safe
    private struct Gate: @unchecked Sendable {  // used under the lock only
        var context: OpaquePointer?
        var isStopping = false
    }
    private let gate = Mutex(Gate())
    private let thread = Mutex<NamedThread?>(nil)
    private unowned let delegate: any LibraryServiceDelegate
    private let tickNs: Int64
    /// Turns of the service loop so far; in each the library reads a socket at most once.
    private(set) var turn: UInt64 = 0
    /// While false the library's callbacks concern nobody: during set-up, and where the thread was never started.
    private var isRunning = false
    private let protocols: UnsafeMutablePointer<lws_protocols>
    private let timer: UnsafeMutablePointer<td_lws_timer>
    /// Texts that the library keeps pointers to.
    private let texts: [UnsafeMutablePointer<CChar>?]
    /// The library serialises neither its global set-up nor its tear-down.
    private static let lifecycle = Mutex(())

    /// Creates the context.
    ///
    /// - Parameters:
    ///   - tickNs: period of `delegate.tick`.
    ///   - strings: texts that `configure` gets as C strings, valid while the context lives.
    ///   - configure: completes the library's creation structure.
    /// - Throws: `NetworkError` where the library refuses.
    init(
        delegate: any LibraryServiceDelegate, usesTLS: Bool, tickNs: Int64, operation: String, strings: [String?],
        configure: (inout lws_context_creation_info, [UnsafeMutablePointer<CChar>?]) -> Void
    ) throws(NetworkError) {
        self.delegate = delegate
        self.tickNs = tickNs
        unsafe protocols = .allocate(capacity: 2)
        unsafe timer = .allocate(capacity: 1)
        unsafe texts = strings.map { text in unsafe text.flatMap { unsafe strdup($0) } }
        let name: StaticString = "tapedeck"
        unsafe protocols.initialize(repeating: lws_protocols(), count: 2)
        unsafe protocols[0].name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        unsafe protocols[0].callback = libraryCallback
        // Otherwise the library cuts every write into pieces of the service buffer's size.
        unsafe protocols[0].tx_packet_size = 1 << 20
        unsafe timer.initialize(to: td_lws_timer())
        unsafe timer.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
        var info = unsafe lws_context_creation_info()
        unsafe info.protocols = UnsafePointer(protocols)
        unsafe info.options = td_lws_options(usesTLS)
        unsafe info.pt_serv_buf_size = 64 << 10
        unsafe info.port = -1  // CONTEXT_PORT_NO_LISTEN
        unsafe info.user = Unmanaged.passUnretained(self).toOpaque()
        unsafe configure(&info, texts)
        LibraryLog.install()
        Self.lifecycle.withLock { _ in
            td_keep_tls_indexes()
            defer { td_release_tls_indexes() }
            let context = unsafe lws_create_context(&info)
            gate.withLock { gate in unsafe gate.context = context }
        }
        guard gate.withLock({ gate in unsafe gate.context != nil }) else {
            let hint = usesTLS ? ": are certificate, key and authorities PEM files that belong together?" : ""
            throw NetworkError(.listen, "the network library could not set itself up" + hint, operation: operation)
        }
    }

    deinit {
        isRunning = false
        destroyContext()
        unsafe protocols.deallocate()
        unsafe timer.deallocate()
        for index in unsafe texts.indices { unsafe free(texts[index]) }
    }

    /// The library's handle, for calls on the service thread (or before `start`).
    @unsafe var context: OpaquePointer? {
        unsafe gate.withLock { gate in unsafe UncheckedPointer(gate.context) }.pointer
    }

    /// The handle, until the loop shall end.
    private var runningContext: UncheckedPointer {
        unsafe gate.withLock { gate in unsafe UncheckedPointer(gate.isStopping ? nil : gate.context) }
    }

    /// Runs the service thread until `endLoop`; the thread keeps `owner` alive.
    func start(_ name: String, keeping owner: any Sendable) {
        isRunning = true
        let body = NamedThread(name) { [self] in
            withExtendedLifetime(owner) {
                delegate.started()
                scheduleTick()
                while let context = unsafe runningContext.pointer, unsafe lws_service(context, 0) >= 0 { turn &+= 1 }
                destroyContext()
                // What it keeps for this thread; left to the thread's own end, leak checkers no longer see whose it is.
                OPENSSL_thread_stop()
            }
        }
        thread.withLock { $0 = body }
    }

    /// Makes the service thread call `delegate.woken` soon.
    func wake() {
        // Under the lock, so that the context cannot go away meanwhile.
        gate.withLock { gate in
            if let context = unsafe gate.context { unsafe lws_cancel_service(context) }
        }
    }

    /// Ends the service thread after what it is doing; all connections are closed.
    func endLoop() {
        gate.withLock { gate in
            gate.isStopping = true
            if let context = unsafe gate.context { unsafe lws_cancel_service(context) }
        }
    }

    /// Waits for the end of the service thread. Not on the service thread.
    func join() { thread.withLock { $0 }?.join() }

    fileprivate func dispatch(
        _ event: lws_callback_reasons, _ connection: OpaquePointer?, _ input: UnsafeMutableRawPointer?, _ count: Int
    ) -> Int32 {
        guard isRunning else { return 0 }
        if event == LWS_CALLBACK_EVENT_WAIT_CANCELLED {
            delegate.woken()
            return 0
        }
        return unsafe delegate.handle(event, connection: connection, input: input, count: count)
    }

    fileprivate func ticked() {
        delegate.tick()
        scheduleTick()
    }

    private func scheduleTick() {
        guard let context = unsafe context else { return }
        unsafe lws_sul_schedule(context, 0, &timer.pointee.scheduled, libraryTimer, tickNs / 1000)
    }

    private func destroyContext() {
        let taken = unsafe gate.withLock { gate in
            defer { unsafe gate.context = nil }
            return unsafe UncheckedPointer(gate.context)
        }
        guard let pointer = unsafe taken.pointer else { return }
        Self.lifecycle.withLock { _ in
            unsafe lws_sul_cancel(&timer.pointee.scheduled)
            unsafe lws_context_destroy(pointer)
        }
    }
}

/// Carries a handle out of a lock; whoever uses it answers for the thread it is used on.
@unsafe
struct UncheckedPointer: @unchecked Sendable {  // a plain handle, used on the service thread only
    let pointer: OpaquePointer?
    init(_ pointer: OpaquePointer?) { unsafe self.pointer = pointer }
}

private func libraryCallback(
    _ connection: OpaquePointer?, _ event: lws_callback_reasons, _ user: UnsafeMutableRawPointer?,
    _ input: UnsafeMutableRawPointer?, _ count: Int
) -> Int32 {
    guard let connection = unsafe connection, let context = unsafe lws_get_context(connection),
        let owner = unsafe lws_context_user(context)
    else { return 0 }
    return unsafe Unmanaged<LibraryService>.fromOpaque(owner).takeUnretainedValue()
        .dispatch(event, connection, input, count)
}

private func libraryTimer(_ scheduled: UnsafeMutablePointer<lws_sorted_usec_list>?) {
    guard let timer = unsafe UnsafeMutableRawPointer(scheduled)?.assumingMemoryBound(to: td_lws_timer.self),
        let owner = unsafe timer.pointee.owner
    else { return }
    unsafe Unmanaged<LibraryService>.fromOpaque(owner).takeUnretainedValue().ticked()
}
