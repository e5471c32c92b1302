internal import Market
internal import Platform

/// A dividend or split as a vendor states it.
struct VendorAction: Equatable {
    /// `dividend` or `split`.
    let kind: String
    /// Start of the first day without the dividend, or with the new shares.
    let timeNs: Int64
    /// Cash per share, or new shares for one old.
    let value: Double
    /// The instrument, where rows say it.
    var symbol: String?
}

extension AnswerReader {
    /// All dividends and splits of an answer: those in the rows of bars, and those beside them.
    func actions(
        _ bars: [VendorBar], _ symbols: VendorSymbols, _ times: inout AnswerTimes, _ rejected: inout [Rejected]
    ) -> [VendorAction] {
        var actions: [VendorAction] = []
        for bar in bars where bar.dividend > 0 || bar.split != 1 {
            let symbol = symbols[bar.symbol]
            if bar.dividend > 0 {
                actions.append(
                    VendorAction(kind: "dividend", timeNs: bar.startNs, value: bar.dividend, symbol: symbol))
            }
            if bar.split != 1 {
                actions.append(VendorAction(kind: "split", timeNs: bar.startNs, value: bar.split, symbol: symbol))
            }
        }
        for (kind, places) in [("dividend", groups.dividends), ("split", groups.splits)] {
            for number in 0..<table.rows(places.group) {
                let row = AnswerRow(table: table, group: places.group, row: number)
                do throws(AnswerFault) {
                    guard let timeNs = try row.day(places("time"), &times) else {
                        throw AnswerFault(.missingField, "time")
                    }
                    let value = kind == "dividend" ? try row.size(places("amount"), "amount") : try ratio(row, places)
                    guard let value, value > 0 else { throw AnswerFault(.missingField, kind) }
                    actions.append(VendorAction(kind: kind, timeNs: timeNs, value: value))
                } catch {
                    let payload = table.rowText(places.group, row: number)
                    rejected.append(Rejected(row: number, fault: error, payload: payload))
                }
            }
        }
        return actions
    }

    /// New shares for one old, from `ratio` (a number, or text such as `4:1` or `4/1`) or from two numbers.
    private func ratio(_ row: AnswerRow, _ places: AnswerGroups.Places) throws(AnswerFault) -> Double? {
        if let new = try row.price(places("numerator"), "numerator"),
            let old = try row.price(places("denominator"), "denominator")
        {
            return new / old
        }
        let parts = (row.text(places("ratio")) ?? "").split { $0 == ":" || $0 == "/" }.map { Double($0) ?? .nan }
        switch parts.count {
        case 1 where parts[0] > 0: return parts[0]
        case 2 where parts[0] > 0 && parts[1] > 0: return parts[0] / parts[1]
        default: throw AnswerFault(.wrongType, "ratio")
        }
    }

    /// Values of one kind by the place of the bar that they fall into.
    func perBar(
        _ actions: [VendorAction], _ kind: String, _ bars: ArraySlice<VendorBar>, _ intervalNs: Int64
    ) -> [Int: Double] {
        var values: [Int: Double] = [:]
        for action in actions where action.kind == kind {
            let place = bars.partitioningIndex { $0.startNs > action.timeNs } - 1
            guard place >= bars.startIndex, action.timeNs < bars[place].startNs + intervalNs else { continue }
            values[place] = kind == "split" ? (values[place] ?? 1) * action.value : action.value
        }
        return values
    }

    func append(_ action: VendorAction, _ index: Int32, _ answer: Answer, _ events: EventBatch) {
        let about = AnswerRow(table: table, group: groups.about.group, row: 0)
        let place = CorporateActionWriter.Place(
            instrument: instrumentID(action.symbol, answer), effectiveNs: action.timeNs,
            receivedNs: answer.ingestTimeNs, journalOffset: answer.journalOffset, frameIndex: index)
        actionWriter.append(
            action.kind, action.value, currency: action.kind == "dividend" ? about.text(groups.about("currency")) : nil,
            place, to: events.corporateActions)
    }
}
