internal import Market
internal import Platform

extension AnswerReader {
    /// Appends bars in the order of time, and what the answer says of dividends and splits.
    func bars(
        _ answer: Answer, _ times: inout AnswerTimes, into events: EventBatch, _ rejected: inout [Rejected]
    ) {
        let intervalNs = mapping.intervalNs ?? Timestamp.nanosecondsPerDay
        var symbols = VendorSymbols()
        let all = readBars(intervalNs, &symbols, &times, events, &rejected)
        defer { barMemory = all }
        var actions = actions(all, symbols, &times, &rejected)
        if !all.isEmpty { append(all, symbols, actions, answer, intervalNs, events, &rejected) }
        actions.sort { ($0.timeNs, $0.kind) < ($1.timeNs, $1.kind) }
        for (index, action) in actions.enumerated() { append(action, Int32(index), answer, events) }
    }

    /// Checks and appends bars. Most answers are of one instrument; what is checked is checked among its bars.
    private func append(
        _ all: [VendorBar], _ symbols: VendorSymbols, _ actions: [VendorAction], _ answer: Answer, _ intervalNs: Int64,
        _ events: EventBatch, _ rejected: inout [Rejected]
    ) {
        let asked = instrumentID(nil, answer)
        var origin = VendorBarOrigin(
            instrument: asked, source: context.texts.intern(mapping.source),
            interval: VendorInterval(mapping.interval)?.place ?? 0, intervalNs: intervalNs,
            fetchedAtNs: answer.fetchedAtNs, journalOffset: answer.journalOffset)
        var start = 0
        while start < all.count {
            let symbol = all[start].symbol
            let bars = all[start..<(all[start...].firstIndex { $0.symbol != symbol } ?? all.count)]
            let name = symbols[symbol]
            start = bars.endIndex
            let faults = check(bars, actions.filter { $0.symbol == nil || $0.symbol == name }, intervalNs, &rejected)
            // Only instruments that have a bar get a number.
            if mapping.implausible == .reject, faults.count == bars.count { continue }
            origin.instrument = name == nil ? asked : instrumentID(name, answer)
            append(bars, origin, without: faults, to: events.vendorBars)
        }
    }

    /// Appends bars of one instrument but those that cannot be right, where they are not to be kept.
    private func append(
        _ bars: ArraySlice<VendorBar>, _ origin: VendorBarOrigin, without faults: [Int: AnswerFault], to batch: BarBatch
    ) {
        var start = bars.startIndex
        if mapping.implausible == .reject {
            for fault in faults.keys.sorted() {
                batch.append(bars[start..<fault], origin)
                start = fault + 1
            }
        }
        batch.append(bars[start...], origin)
    }

    /// Says what is odd about the bars of one instrument.
    ///
    /// - Returns: what cannot be right, by place.
    private func check(
        _ bars: ArraySlice<VendorBar>, _ actions: [VendorAction], _ intervalNs: Int64, _ rejected: inout [Rejected]
    ) -> [Int: AnswerFault] {
        func reject(_ bar: VendorBar, _ fault: AnswerFault, _ note: String) {
            rejected.append(
                Rejected(row: bar.row, fault: AnswerFault(fault.reason, fault.what + note), payload: rowText(bar.row)))
        }
        var faults = BarSeriesCheck.levels(bars, splits: perBar(actions, "split", bars, intervalNs))
        for index in bars.indices where BarSeriesCheck.isOdd(bars[index]) && faults[index] == nil {
            let bar = bars[index]
            if let fault = BarSeriesCheck.units(bar) {
                faults[index] = fault
            } else if let fault = BarSeriesCheck.range(bar) {
                reject(bar, fault, "")
            }
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
        _ intervalNs: Int64, _ symbols: inout VendorSymbols, _ times: inout AnswerTimes, _ events: EventBatch,
        _ rejected: inout [Rejected]
    ) -> [VendorBar] {
        let rows = BarRows(groups.main, of: table, intervalNs: intervalNs, isTimeEnd: mapping.isTimeEnd)
        let symbolColumn = groups.main("symbol")
        let names = symbolColumn < 0 ? nil : table.column(groups.main.group, symbolColumn)
        var bars = takeBarMemory()
        let count = table.rows(groups.main.group)
        bars.reserveCapacity(count)
        var (isAscending, isDescending, lastNs) = (true, true, Int64.min)
        for row in 0..<count {
            do throws(AnswerFault) {
                guard var bar = try rows.read(row, &times) else {
                    events.ignored += 1
                    continue
                }
                if let names { bar.symbol = symbols.place(names[row]) }
                if !bars.isEmpty {
                    isAscending = isAscending && bar.startNs > lastNs
                    isDescending = isDescending && bar.startNs < lastNs
                }
                lastNs = bar.startNs
                bars.append(bar)
            } catch {
                rejected.append(Rejected(row: row, fault: error, payload: rowText(row)))
            }
        }
        if isAscending { return bars }
        // Most answers are newest first.
        if isDescending, names == nil {
            bars.reverse()
            return bars
        }
        return sorted(bars, symbols, &rejected)
    }

    /// Bars by symbol and time; of several of one time the last.
    private func sorted(_ bars: [VendorBar], _ symbols: VendorSymbols, _ rejected: inout [Rejected]) -> [VendorBar] {
        // Answers with several instruments are told apart by the symbol.
        let ranks = symbols.ranks
        let bars = bars.sorted { (ranks[$0.symbol], $0.startNs, $0.row) < (ranks[$1.symbol], $1.startNs, $1.row) }
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
}
