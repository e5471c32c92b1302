internal import Kafka
internal import Market

/// The partitions that a feed has read or reads, by number.
struct KafkaPartitions {
    struct Partition {
        let name: TopicPartition
        var log: StreamLog
        var frame: ConsumerFrame
        /// The last offset journaled; nil where there is none.
        var last: Int64?
        /// The offset to go on with; nil where that is not known.
        var next: Int64?
        var isAssigned = false
        /// Everything there is was read.
        var isAtEnd = false
        /// The offset to go on with does not exist at the broker.
        var isAstray = false
    }

    private(set) var all: [Partition] = []
    private var numbers: [TopicPartition: Int] = [:]
    private var sources: [KafkaMessage.Source: Int] = [:]
    private var recent: (source: KafkaMessage.Source, number: Int)?
    /// How far earlier runs had come.
    private let before: StreamPositions

    init(_ before: StreamPositions) { self.before = before }

    subscript(number: Int) -> Partition {
        get { all[number] }
        _modify { yield &all[number] }
    }

    /// How far the feed has come in everything it ever read.
    var positions: StreamPositions {
        var positions = before
        for partition in all {
            if let last = partition.last {
                positions.advance(log: Array(partition.log.name.utf8), to: StreamNumber(last))
            }
        }
        return positions
    }

    var assigned: [Int] { all.indices.filter { all[$0].isAssigned } }

    /// The number of a partition, which is given one where it has none.
    mutating func number(of name: TopicPartition) -> Int {
        if let number = numbers[name] { return number }
        var log = StreamLog(stream: name.topic, partition: "\(name.partition)")
        while true {
            let next = StreamLog(stream: log.stream, partition: log.partition, generation: log.generation + 1)
            guard before[next.name] != nil else { break }
            log = next
        }
        let last = before[log.name]?.int64
        numbers[name] = all.count
        all.append(Partition(name: name, log: log, frame: ConsumerFrame(log), last: last))
        return all.count - 1
    }

    /// The number of a message's partition; nil where it is of none.
    mutating func number(of message: KafkaMessage) -> Int? {
        let source = message.source
        if let recent, recent.source == source { return recent.number }
        let known = sources[source] ?? message.partition.map { number(of: $0) }
        guard let known else { return nil }
        sources[source] = known
        recent = (source, known)
        return known
    }

    /// Sources mean something only as long as nothing is assigned or revoked.
    mutating func forgetSources() {
        sources = [:]
        recent = nil
    }

    /// A consumer that was made anew has no partitions yet.
    mutating func forgetAssignment() {
        for number in all.indices { all[number].isAssigned = false }
        forgetSources()
    }

    /// The partition was made anew: its offsets begin again, and are those of another log.
    mutating func beginAnew(_ number: Int) {
        let log = all[number].log
        let next = StreamLog(stream: log.stream, partition: log.partition, generation: log.generation + 1)
        all[number].log = next
        all[number].frame = ConsumerFrame(next)
        all[number].last = nil
        all[number].next = nil
    }
}
