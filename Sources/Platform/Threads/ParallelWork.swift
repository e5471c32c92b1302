internal import Synchronization

/// Pieces of work that do not depend on each other, on a few threads.
public enum ParallelWork {
    /// Runs `body` once for each piece, and waits for all of them. After an error no further piece is begun.
    ///
    /// - Parameters:
    ///   - name: of the threads.
    ///   - count: of the pieces.
    ///   - threads: most that run at once; the calling one is among them.
    ///   - body: gets the piece's number; pieces are begun in order.
    /// - Throws: the first error.
    public static func run<Failure: Error>(
        _ name: String, count: Int, threads: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Void
    ) throws(Failure) {
        let state = State<Failure>()
        let work: @Sendable () -> Void = {
            while let piece = state.next(count) {
                do throws(Failure) { try body(piece) } catch { state.fail(error) }
            }
        }
        let others = (1..<max(1, min(threads, count))).map { NamedThread("\(name)-\($0)", work) }
        work()
        for thread in others { thread.join() }
        if let failure = state.failure { throw failure }
    }

    private final class State<Failure: Error>: Sendable {
        private let found = Mutex<(next: Int, failure: Failure?)>((0, nil))

        var failure: Failure? { found.withLock { $0.failure } }

        func next(_ count: Int) -> Int? {
            found.withLock { found in
                guard found.failure == nil, found.next < count else { return nil }
                defer { found.next += 1 }
                return found.next
            }
        }

        func fail(_ error: Failure) {
            found.withLock { if $0.failure == nil { $0.failure = error } }
        }
    }
}
