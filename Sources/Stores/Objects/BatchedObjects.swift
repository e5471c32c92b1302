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
final class BatchedObjects: DeliveryTarget, @unchecked Sendable {  // one thread at a time
    private let folder: ObjectFolder
    private let names: ObjectNames
    private let bytesMax: Int
    /// How far each table is; nil while not open.
    private var chains: [String: Chain]?
    /// The latest objects that were looked at, kept over sessions.
    private var known: [String: Chain] = [:]
    private var putsSinceNote: [String: Int] = [:]

    /// The objects of a table, each behind the other.
    private struct Chain {
        /// The last one; nil where there is none.
        var newest: ObjectNames.Name?
        /// Up to which offset the table is there.
        var offset: Int64 = -1
    }

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
        var chains: [String: Chain] = [:]
        for table in tables { chains[table.name] = try find(table) }
        self.chains = chains
    }

    /// Lists what is there, from the newest object that is known on.
    private func find(_ table: TableSchema) throws(DeliveryError) -> Chain {
        var newest = known[table.name]?.newest
        if newest == nil, let key = try folder.note(Self.newest, table.name) { newest = names.read(table, key) }
        if let noted = newest {
            // Who wants a table anew takes its objects away.
            let isThere = try ObjectFolder.translating { () throws(ObjectError) in try folder.store.head(noted.key) }
            if isThere == nil { newest = nil }
        }
        var after: String? = newest?.key ?? ""
        var pages = 0
        while let place = after {
            let page = try ObjectFolder.translating { () throws(ObjectError) in
                try folder.store.list(
                    prefix: ObjectNames.folder(table), after: place, limit: ObjectPage.limitMax)
            }
            newest =
                page.objects.last { names.read(table, $0.key) != nil }.flatMap { names.read(table, $0.key) } ?? newest
            after = page.next
            pages += 1
        }
        guard let newest else {
            known[table.name] = nil
            return Chain()
        }
        if let chain = known[table.name], chain.newest?.key == newest.key { return chain }
        let chain = Chain(newest: newest, offset: try end(of: newest))
        known[table.name] = chain
        if pages > 1 { try folder.setNote(Self.newest, table.name, newest.key) }
        return chain
    }

    /// The offset of an object's last row; its own where it has none.
    private func end(of name: ObjectNames.Name) throws(DeliveryError) -> Int64 {
        guard let content = try folder.read(name.key) else {
            throw DeliveryError(.conflict, "\(name.key) was taken away")
        }
        guard let lines = names.compression.lines(content) else {
            throw DeliveryError(.setup, "\(name.key) is damaged: take it away, and its rows are delivered again")
        }
        guard !lines.isEmpty else { return name.offset }
        let last = lines.dropLast().split(separator: UInt8(ascii: "\n")).last ?? []
        guard let offset = Self.offset(in: last) else {
            throw DeliveryError(
                .setup, "\(name.key) does not end with a row: take it away, and its rows are delivered again")
        }
        return offset
    }

    /// The member `journal_offset`. In a text its quotes would have backslashes.
    private static func offset(in line: ArraySlice<UInt8>) -> Int64? {
        let text = String(decoding: line, as: UTF8.self)
        return text.firstRange(of: "\"journal_offset\":").flatMap { mark in
            Int64(text[mark.upperBound...].prefix { $0.isASCII && $0.isNumber })
        }
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
        let chain = Chain(newest: name, offset: last)
        chains?[table.name] = chain
        known[table.name] = chain
        putsSinceNote[table.name, default: 0] += 1
        guard putsSinceNote[table.name] == Self.putsPerNote else { return }
        putsSinceNote[table.name] = 0
        try folder.setNote(Self.newest, table.name, name.key)
    }

    private func chain(_ table: TableSchema) throws(DeliveryError) -> Chain {
        guard let chains else { throw DeliveryError(.unavailable, "not connected") }
        return chains[table.name] ?? Chain()
    }

    private func check(_ table: TableSchema, at after: Int64) throws(DeliveryError) {
        let found = try chain(table).offset
        guard found == after else {
            throw DeliveryError(.conflict, "rows up to offset \(found) are there already, not up to \(after)")
        }
    }
}
