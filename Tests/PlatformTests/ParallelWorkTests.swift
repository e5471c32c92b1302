import Platform
import Synchronization
import Testing

@Suite struct ParallelWorkTests {
    private struct Broken: Error {
        let piece: Int
    }

    @Test(arguments: [0, 1, 3, 64, 1000], [1, 2, 8])
    func `each piece is worked on once`(count: Int, threads: Int) {
        let seen = Mutex<[Int]>([])
        ParallelWork.run("test", count: count, threads: threads) { piece in seen.withLock { $0.append(piece) } }
        #expect(seen.withLock { $0.sorted() } == Array(0..<count))
    }

    @Test func `after an error nothing new is begun, and the first error is thrown`() {
        let seen = Mutex(0)
        let error = #expect(throws: Broken.self) {
            try ParallelWork.run("test", count: 1000, threads: 4) { (piece) throws(Broken) in
                seen.withLock { $0 += 1 }
                if piece == 20 { throw Broken(piece: piece) }
                Pause.wait(ns: 1_000_000)
            }
        }
        #expect(error?.piece == 20)
        #expect((21...30).contains(seen.withLock { $0 }))
    }

    @Test func `pieces run side by side`() {
        let waiting = Mutex(0)
        // Ends only where all are under way at once.
        ParallelWork.run("test", count: 4, threads: 4) { _ in
            waiting.withLock { $0 += 1 }
            while waiting.withLock({ $0 }) < 4 { Pause.wait(ns: 100_000) }
        }
        #expect(waiting.withLock { $0 } == 4)
    }
}
