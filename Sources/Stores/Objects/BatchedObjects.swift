internal import Delivery
internal import Market
internal import Objects
internal import Platform

/// Objects of many rows. An object's key says with which row it begins, and its last line with which it ends: so one atomic put is
/// rows and progress at once.
///
/// Which row comes next follows from how far a table is, and from nothing else: so two programs, or an attempt that was given up and
/// arrives late, want the same key, which only one of them gets.
/// - Source: docs/sinks/objects.md.
/// - Threading: one thread at a time.
final class BatchedObjects: RewindableTarget, @unchecked Sendable {  // one thread at a time
    private let folder: ObjectFolder
    private let names: ObjectNames
    private var finder: ObjectFinder { ObjectFinder(folder: folder, names: names) }
    private let bytesMax: Int
    /// How far each table is; nil while not open.
    private var chains: [String: ObjectChain]?
    /// The latest objects that were looked at, kept over sessions.
    private var known: [String: ObjectChain] = [:]
    private var putsSinceNote: [String: Int] = [:]

    /// A note says which object is the newest after so many: whoever starts need not list all of them.
    private static let putsPerNote = 500
    private static let newest = "newest"

    init(_ store: any ObjectStore, _ compression: ObjectCompression, bytesMax: Int, _ context: SinkContext) {
        folder = ObjectFolder(store, pipeline: context.pipeline, meter: context.meter)
        names = ObjectNames(compression: compression)
        self.bytesMax = bytesMax
    }

    func open(_ tables: [TableSchema]) throws(DeliveryError) {
        close()
        try folder.claim(layout: ObjectSink.Layout.batched.rawValue, compression: names.compression.rawValue)
        var chains: [String: ObjectChain] = [:]
        for table in tables { chains[table.name] = try find(table) }
        self.chains = chains
    }

    /// Lists what is there, from the newest object that is known on.
    private func find(_ table: TableSchema) throws(DeliveryError) -> ObjectChain {
        var newest = known[table.name]?.newest
        if newest == nil, let key = try folder.note(Self.newest, table.name) { newest = names.read(table, key) }
        if let noted = newest {
            // Who wants a table anew takes its objects away.
            let isThere = try ObjectFolder.translating { () throws(ObjectError) in try folder.store.head(noted.key) }
            if isThere == nil { newest = nil }
        }
        let pages = try finder.each(table, after: newest?.key ?? "") { (name) in newest = name }
        guard let newest else {
            known[table.name] = nil
            return ObjectChain()
        }
        if let chain = known[table.name], chain.newest?.key == newest.key { return chain }
        let chain = ObjectChain(newest: newest, offset: try finder.end(of: newest))
        known[table.name] = chain
        if pages > 1 { try folder.setNote(Self.newest, table.name, newest.key) }
        return chain
    }

    func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64 { try chain(table).offset }

    func deliver(_ unit: DeliveryUnit) throws(DeliveryError) -> Int64 {
        try check(unit.table, at: unit.after)
        let lines = try ObjectLines(unit, bytesMax: bytesMax)
        var rows: Int64 = 0
        while let part = lines.part() {
            let name = names.name(unit.table, date: try date(unit.table, part.date), offset: part.first)
            try put(unit.table, name, names.compression.compressed(part.lines), last: part.last)
            rows += part.rows
        }
        chains?[unit.table.name]?.offset = unit.last
        return rows
    }

    func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError) {
        try check(table, at: after)
        try folder.reject(table, offset: last, reason: reason)
        // An object without rows stands where they would have begun.
        let day = ObjectLines.isDated(table) ? CivilDate.split(Timestamp(nanoseconds: 0)).date : nil
        let name = names.name(table, date: try date(table, day), offset: last)
        try put(table, name, names.compression.compressed(Column<UInt8>()), last: last)
    }

    /// A program that delivers knows where its objects end, and does not look again.
    var isNoticed: Bool { false }

    /// Takes away the objects that have rows behind the offset, the newest first: what is left is whole at any time.
    func rewind(_ table: TableSchema, to offset: Int64) throws(DeliveryError) {
        var found: [ObjectNames.Name] = []
        try finder.each(table) { (name) in found.append(name) }
        while let newest = found.last {
            let end = newest.offset > offset ? newest.offset : try finder.end(of: newest)
            guard end > offset else { break }
            try ObjectFolder.translating { () throws(ObjectError) in try folder.store.delete(newest.key) }
            found.removeLast()
        }
        known[table.name] = nil
        chains?[table.name] = try find(table)
    }

    func close() { chains = nil }

    /// Dates never go back, whatever the clock did, so that the order of keys is that of offsets.
    private func date(_ table: TableSchema, _ date: CivilDate?) throws(DeliveryError) -> CivilDate? {
        guard let date, let before = try chain(table).newest?.date else { return date }
        return max(date, before)
    }

    private func put(
        _ table: TableSchema, _ name: ObjectNames.Name, _ content: [UInt8], last: Int64
    ) throws(DeliveryError) {
        guard try folder.putIfAbsent(name.key, content, type: names.compression.mediaType) else {
            close()
            throw DeliveryError(
                .conflict,
                "\(name.key) is there already: another program delivers there, or an earlier attempt arrived late")
        }
        let chain = ObjectChain(newest: name, offset: last)
        chains?[table.name] = chain
        known[table.name] = chain
        putsSinceNote[table.name, default: 0] += 1
        guard putsSinceNote[table.name] == Self.putsPerNote else { return }
        putsSinceNote[table.name] = 0
        try folder.setNote(Self.newest, table.name, name.key)
    }

    private func chain(_ table: TableSchema) throws(DeliveryError) -> ObjectChain {
        guard let chains else { throw DeliveryError(.unavailable, "not connected") }
        return chains[table.name] ?? ObjectChain()
    }

    private func check(_ table: TableSchema, at after: Int64) throws(DeliveryError) {
        let found = try chain(table).offset
        guard found == after else {
            throw DeliveryError(.conflict, "rows up to offset \(found) are there already, not up to \(after)")
        }
    }
}
