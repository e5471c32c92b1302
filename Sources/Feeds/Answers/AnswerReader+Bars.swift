internal import Market
internal import Platform

extension AnswerReader {
    /// Appends bars in the order of time, and what the answer says of dividends and splits.
    func bars(
        _ answer: Answer, _ times: inout AnswerTimes, into events: EventBatch, _ rejected: inout [Rejected]
    ) {
        let intervalNs = mapping.intervalNs ?? Timestamp.nanosecondsPerDay
        let all = readBars(intervalNs, &times, events, &rejected)
        var actions = actions(all, &times, &rejected)
        // Most answers are of one instrument; what is checked is checked among its bars.
        var rest = all[...]
        while let symbol = rest.first?.symbol ?? (rest.isEmpty ? nil : "") {
            let bars = rest.prefix { ($0.symbol ?? "") == symbol }
            rest = rest.dropFirst(bars.count)
            let own = actions.filter { ($0.symbol ?? symbol) == symbol }
            let faults = check(Array(bars), own, intervalNs, &rejected)
            let kept = bars.enumerated().filter { mapping.implausible == .keep || faults[$0.offset] == nil }
            append(kept.map(\.element), answer, intervalNs, events)
        }
        actions.sort { ($0.timeNs, $0.kind) < ($1.timeNs, $1.kind) }
        for (index, action) in actions.enumerated() { append(action, Int32(index), answer, events) }
    }

    /// Says what is odd about the bars of one instrument.
    ///
    /// - Returns: what cannot be right, by place.
    private func check(
        _ bars: [VendorBar], _ actions: [VendorAction], _ intervalNs: Int64, _ rejected: inout [Rejected]
    ) -> [Int: AnswerFault] {
        func reject(_ bar: VendorBar, _ fault: AnswerFault, _ note: String) {
            rejected.append(
                Rejected(row: bar.row, fault: AnswerFault(fault.reason, fault.what + note), payload: rowText(bar.row)))
        }
        var faults = BarSeriesCheck.levels(bars, splits: perBar(actions, "split", bars, intervalNs))
        for (index, bar) in bars.enumerated() {
            if faults[index] == nil { faults[index] = BarSeriesCheck.units(bar) }
            if faults[index] == nil, let fault = BarSeriesCheck.range(bar) { reject(bar, fault, "") }
        }
        if intervalNs <= Timestamp.nanosecondsPerDay {
            for (index, fault) in BarSeriesCheck.dividends(bars, perBar(actions, "dividend", bars, intervalNs)) {
                reject(bars[index], fault, "; both are kept")
            }
        }
        for (index, fault) in faults {
            reject(bars[index], fault, mapping.implausible == .keep ? "; the bar is kept" : "")
        }
        return faults
    }

    private func rowText(_ row: Int) -> [UInt8] { table.rowText(groups.main.group, row: row) }

    /// The bars of the answer in the order of time, each start once.
    private func readBars(
        _ intervalNs: Int64, _ times: inout AnswerTimes, _ events: EventBatch, _ rejected: inout [Rejected]
    ) -> [VendorBar] {
        let rows = BarRows(groups.main, intervalNs: intervalNs, isTimeEnd: mapping.isTimeEnd)
        var bars: [VendorBar] = []
        let count = table.rows(groups.main.group)
        bars.reserveCapacity(count)
        for row in 0..<count {
            do throws(AnswerFault) {
                if let bar = try rows.read(row, of: table, &times) { bars.append(bar) } else { events.ignored += 1 }
            } catch {
                rejected.append(Rejected(row: row, fault: error, payload: rowText(row)))
            }
        }
        let isAscending = zip(bars, bars.dropFirst()).allSatisfy { $0.startNs < $1.startNs }
        if isAscending { return bars }
        // Answers with several instruments are told apart by the symbol; most are newest first.
        bars.sort { ($0.symbol ?? "", $0.startNs, $0.row) < ($1.symbol ?? "", $1.startNs, $1.row) }
        var once: [VendorBar] = []
        once.reserveCapacity(bars.count)
        for bar in bars {
            if let last = once.last, last.startNs == bar.startNs, last.symbol == bar.symbol {
                let fault = AnswerFault(.inconsistent, "another row of the same bar follows, and counts")
                rejected.append(Rejected(row: last.row, fault: fault, payload: rowText(last.row)))
                once.removeLast()
            }
            once.append(bar)
        }
        return once
    }

    private func append(_ bars: [VendorBar], _ answer: Answer, _ intervalNs: Int64, _ events: EventBatch) {
        let source = context.texts.intern(mapping.source)
        let interval = VendorInterval(mapping.interval)?.place ?? 0
        let asked = instrumentID(nil, answer)
        for bar in bars {
            let row = Bar(
                instrument: bar.symbol == nil ? asked : instrumentID(bar.symbol, answer), priceType: .trade,
                interval: interval, startNs: bar.startNs, open: bar.open, high: bar.high, low: bar.low,
                close: bar.close, volume: bar.volume, vwap: bar.vwap, trades: bar.trades,
                isFinal: bar.startNs + intervalNs <= answer.fetchedAtNs, revision: 0,
                journalOffset: answer.journalOffset)
            events.vendorBars.append(row, source: source, adjustedClose: bar.adjustedClose)
        }
    }
}
