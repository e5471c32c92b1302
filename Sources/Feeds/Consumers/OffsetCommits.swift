/// Which offsets may be kept as a group's: those behind messages that the journal holds durably.
///
/// Partitions are numbered from 0. Looked at from time to time: messages between two looks share a mark, so that nothing
/// is kept per message.
struct OffsetCommits {
    private struct Partition {
        /// Behind the last message given to the journal, and of those the last that has a mark.
        var given: Int64?
        var marked: Int64?
        /// Behind the last message that is durable.
        var durable: Int64?
        /// What the group keeps, as far as is known.
        var committed: Int64?
    }
    private var partitions: [Partition] = []
    private var marks: [(place: Int64, ends: [(partition: Int, end: Int64)])] = []

    /// A partition is read from now on.
    ///
    /// - Parameters:
    ///   - journaled: behind the last message that earlier runs made durable; nil where there is none.
    ///   - committed: what the group keeps; nil where it keeps nothing or that is not known.
    mutating func assign(_ partition: Int, journaled: Int64?, committed: Int64?) {
        while partitions.count <= partition { partitions.append(Partition()) }
        partitions[partition].committed = committed
        if let journaled { settle(partition, journaled) }
    }

    private mutating func settle(_ partition: Int, _ end: Int64) {
        partitions[partition].durable = max(end, partitions[partition].durable ?? end)
    }

    /// A partition begins anew: its offsets are no longer those of before.
    mutating func reset(_ partition: Int) {
        partitions[partition] = Partition()
        for index in marks.indices { marks[index].ends.removeAll { $0.partition == partition } }
    }

    /// A message was given to the journal.
    mutating func give(_ partition: Int, offset: Int64) { partitions[partition].given = offset + 1 }

    /// Takes in how far the journal is.
    mutating func look(_ progress: FrameProgress) {
        var ends: [(partition: Int, end: Int64)] = []
        for partition in partitions.indices {
            guard let given = partitions[partition].given, given != partitions[partition].marked else { continue }
            partitions[partition].marked = given
            ends.append((partition, given))
        }
        if !ends.isEmpty { marks.append((progress.given, ends)) }
        let durable = marks.prefix { $0.place <= progress.durable }
        for mark in durable { for (partition, end) in mark.ends { settle(partition, end) } }
        marks.removeFirst(durable.count)
    }

    /// What the group does not keep yet and may. Nothing is taken back: where another member of the group was further,
    /// it has the messages.
    var due: [(partition: Int, end: Int64)] {
        partitions.enumerated().compactMap { number, partition in
            guard let end = partition.durable, end > partition.committed ?? -1 else { return nil }
            return (number, end)
        }
    }

    /// The group keeps an offset.
    mutating func commit(_ partition: Int, end: Int64) { partitions[partition].committed = end }
}
