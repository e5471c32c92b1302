internal import Delivery
internal import Market
internal import Platform
internal import Synchronization

/// Makes the next unit ready while the target works on the one before.
///
/// - Threading: that of its sink; it has a thread of its own beside it.
final class UnitsAhead {
    /// A unit that is ready.
    struct Ready {
        let range: UnitRange
        let unit: PreparedUnit
    }

    private let reader: UnitReader
    private var thread: NamedThread?
    private let slot = Slot()

    /// Shared with the thread.
    private final class Slot: Sendable {
        let ready = Mutex<Ready?>(nil)
    }

    init(_ reader: UnitReader) { self.reader = reader }

    deinit { thread?.join() }

    /// Begins to make the unit behind `after` ready, of which the target will have all before.
    ///
    /// What goes wrong is not told: whoever takes the unit finds none, and reads it.
    func begin(
        _ table: TableSchema, after: Int64, upTo last: Int64, span: Int64, rowsMax: Int64,
        _ prepare: @escaping UnitPreparation
    ) {
        discard()
        thread = NamedThread("sink-read") { [reader, slot] in
            let made = try? { () throws -> Ready? in
                let range = try reader.find(table, after: after, upTo: last, span: span, rowsMax: rowsMax)
                guard range.rows > 0 else { return nil }
                return Ready(range: range, unit: try prepare(reader.read(table, range, committed: after)))
            }()
            slot.ready.withLock { $0 = made }
        }
    }

    /// The unit that was begun, where it is the one that comes next.
    func take(_ table: TableSchema, after: Int64, rowsMax: Int64) -> Ready? {
        guard let made = finish(), made.unit.table.name == table.name, made.range.after == after,
            made.range.rows <= rowsMax
        else { return nil }
        return made
    }

    /// Forgets the unit that was begun.
    func discard() { _ = finish() }

    private func finish() -> Ready? {
        thread?.join()
        thread = nil
        return slot.ready.withLock { ready in
            defer { ready = nil }
            return ready
        }
    }
}
