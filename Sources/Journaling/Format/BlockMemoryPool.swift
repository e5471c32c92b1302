internal import Synchronization

/// Block memory that is free to be used again, by size: powers of two from 4 KiB up to a full block.
///
/// - Threading: any thread.
final class BlockMemoryPool: Sendable {
    private struct Free {
        var bySize: [[BlockMemory]]
        var bytes = 0
    }
    private let free: Mutex<Free>
    private let sizes: [Int]
    private let limitBytes: Int

    /// - Parameter limitBytes: free memory kept; more is let go.
    init(blockBytes: Int, limitBytes: Int) {
        sizes = Array(sequence(first: 4096) { $0 * 2 }.prefix { $0 < blockBytes }) + [blockBytes]
        self.limitBytes = limitBytes
        free = Mutex(Free(bySize: sizes.map { _ in [] }))
    }

    /// Empty memory for at least `bytes`.
    func take(_ bytes: Int) -> BlockMemory {
        guard let index = sizes.firstIndex(where: { $0 >= bytes }) else { return BlockMemory(capacity: bytes) }
        let known = free.withLock { free -> BlockMemory? in
            guard let memory = free.bySize[index].popLast() else { return nil }
            free.bytes -= memory.capacity
            return memory
        }
        return known ?? BlockMemory(capacity: sizes[index])
    }

    /// Takes memory back.
    func recycle(_ memory: BlockMemory) {
        guard let index = sizes.firstIndex(of: memory.capacity) else { return }
        memory.removeAll()
        free.withLock { free in
            guard free.bytes + memory.capacity <= limitBytes else { return }
            free.bySize[index].append(memory)
            free.bytes += memory.capacity
        }
    }

    /// The same records in memory of their size, where this would waste more than half.
    func compact(_ memory: BlockMemory) -> BlockMemory {
        guard memory.count <= memory.capacity / 2, memory.capacity > sizes[0] else { return memory }
        let smaller = take(memory.count)
        smaller.copy(memory)
        recycle(memory)
        return smaller
    }
}
