// One fault, named by the argument, for a sanitizer to find: race, overflow, leak, or none. scripts/sanitize runs it first.
import Foundation
import Synchronization

/// What four threads count in: under the lock, and beside it.
final class Counters: @unchecked Sendable {
    let guarded = Mutex(0)
    var underLock = 0
    var besideLock = 0
}

func count(besideLock: Bool) {
    let counters = Counters()
    let done = DispatchSemaphore(value: 0)
    for _ in 0..<4 {
        Thread {
            for _ in 0..<20_000 {
                counters.guarded.withLock {
                    $0 += 1
                    counters.underLock += 1
                }
                if besideLock { counters.besideLock += 1 }
            }
            done.signal()
        }.start()
    }
    for _ in 0..<4 { done.wait() }
}

@inline(never)
func writeBehindEnd(_ count: Int) {
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
    memory[count] = 1
    memory.deallocate()
}

@inline(never)
func forget(_ count: Int) {
    UnsafeMutablePointer<UInt8>.allocate(capacity: count).initialize(repeating: 1, count: count)
}

switch CommandLine.arguments.last {
case "none": count(besideLock: false)
case "race": count(besideLock: true)
case "overflow": writeBehindEnd(100)
case "leak": for _ in 0..<10 { forget(100) }
default: fatalError("unknown fault")
}
