internal import Market
internal import Platform

/// Reads answers by one mapping.
///
/// - Threading: one thread at a time.
final class AnswerReader {
    let mapping: AnswerMapping
    let context: DecoderContext
    let groups: AnswerGroups
    let table: any AnswerTable
    let actionWriter: CorporateActionWriter
    private var zones: [String: AnswerTimes] = [:]
    /// Memory of the last answer's bars, for the next.
    var barMemory: [VendorBar] = []

    /// A row that is wrong.
    struct Rejected {
        let row: Int
        let fault: AnswerFault
        let payload: [UInt8]
    }

    /// - Throws: `FeedError` where the mapping cannot be used.
    init(_ mapping: AnswerMapping, _ context: DecoderContext) throws(FeedError) {
        try mapping.check()
        self.mapping = mapping
        self.context = context
        groups = AnswerGroups(mapping)
        actionWriter = CorporateActionWriter(source: mapping.source)
        table = try groups.makeTable(mapping.format)
    }

    /// Appends what a body says.
    func read(_ body: UnsafeRawBufferPointer, _ answer: Answer, into events: EventBatch) {
        let problem = unsafe table.read(body)
        // A vendor that has no answer may say so in place of rows, whatever their form.
        for column in mapping.errors.indices {
            guard problem == nil, let text = table.cell(groups.errors, column, row: 0).text else { continue }
            return unsafe answer.reject(AnswerFault(.venueError, text), payload: body, into: events)
        }
        if let problem { return unsafe answer.reject(AnswerFault(.malformed, problem), payload: body, into: events) }
        let about = AnswerRow(table: table, group: groups.about.group, row: 0)
        let zone = about.text(groups.about("zone")) ?? mapping.zone
        guard var times = zones[zone] ?? AnswerTimes(mapping.timeFormat, zone: zone) else {
            let fault = AnswerFault(.wrongType, "zone")
            return unsafe answer.reject(fault, payload: body, into: events)
        }
        var rejected: [Rejected] = []
        switch mapping.kind {
        case .bars: bars(answer, &times, into: events, &rejected)
        case .quotes: quotes(answer, &times, into: events, &rejected)
        case .instruments:
            for row in 0..<table.rows(groups.main.group) {
                instrument(
                    AnswerRow(table: table, group: groups.main.group, row: row), groups.main, answer, &times, events)
            }
        }
        if mapping.about.contains(where: { $0.key != "zone" }) {
            instrument(about, groups.about, answer, &times, events)
        }
        zones[zone] = times
        for row in rejected.sorted(by: { $0.row < $1.row }) {
            answer.reject(row.fault, row: row.row, payload: row.payload, into: events)
        }
    }

    /// No bars, with memory for those of an answer.
    func takeBarMemory() -> [VendorBar] {
        var bars: [VendorBar] = []
        swap(&bars, &barMemory)
        bars.removeAll(keepingCapacity: true)
        return bars
    }

    /// The number of the instrument that a row or the question names.
    func instrumentID(_ symbol: String?, _ answer: Answer) -> InstrumentID {
        let instrument = symbol.map { Instrument(venue: answer.instrument.venue, symbol: $0) } ?? answer.instrument
        return context.instruments.intern(instrument)
    }
}
