internal import Glibc

/// A mutual exclusion lock with conditions, for state that threads wait on.
///
/// - Threading: any thread; not recursive.
@safe
public final class Lock: @unchecked Sendable {  // a pthread mutex is made for sharing
    fileprivate let mutex: UnsafeMutablePointer<pthread_mutex_t>

    public init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    @inline(__always) public func lock() { unsafe pthread_mutex_lock(mutex) }
    @inline(__always) public func unlock() { unsafe pthread_mutex_unlock(mutex) }

    @inline(__always)
    public func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body()
    }
}

/// Something that threads holding a `Lock` wait for.
///
/// - Threading: wait with the lock held, in a loop that checks the state; signal with the lock held.
@safe
public final class Condition: @unchecked Sendable {  // a pthread condition is made for sharing
    private let lock: Lock
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    public init(_ lock: Lock) {
        self.lock = lock
        unsafe condition = .allocate(capacity: 1)
        unsafe condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe condition.deallocate()
    }

    /// Lets the lock go, waits, takes the lock again.
    public func wait() { unsafe pthread_cond_wait(condition, lock.mutex) }

    /// Waits until the monotonic clock (`Stopwatch.monotonicNs`) shows `deadlineNs` at the latest.
    ///
    /// - Returns: false where the deadline passed.
    @discardableResult
    public func wait(untilNs deadlineNs: Int64) -> Bool {
        let deadline = max(0, deadlineNs)
        var moment = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        return unsafe pthread_cond_timedwait(condition, lock.mutex, &moment) == 0
    }

    /// Wakes one waiting thread.
    @inline(__always) public func signal() { unsafe pthread_cond_signal(condition) }
    /// Wakes all waiting threads.
    @inline(__always) public func broadcast() { unsafe pthread_cond_broadcast(condition) }
}
