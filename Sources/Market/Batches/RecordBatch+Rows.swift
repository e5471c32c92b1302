internal import Platform

/// Reading and dropping rows by their values.
extension RecordBatch {
    /// A digest of some cells of a row.
    ///
    /// - Parameter places: columns, as `TableSchema.place` numbers them.
    public func digest(row: Int, places: [Int]) -> StableDigest {
        var digest = StableDigest()
        for place in places {
            switch cells[place] {
            case .int64(let values): digest.add(values[row])
            case .int32(let values): digest.add(Int64(values[row]))
            case .float64(let values): digest.add(values[row])
            case .boolean(let values): digest.add(UInt64(values[row]))
            case .instrument(let values, _): digest.add(UInt64(values[row]))
            case .category(let values):
                let number = values[row]
                if number == ArrowColumn.missingIndex { digest.add(UInt64.max) } else { digest.add(texts[number].utf8) }
            case .text(let offsets, let bytes):
                digest.add((Int(offsets[row])..<Int(offsets[row + 1])).lazy.map { bytes[$0] })
            }
        }
        return digest
    }

    /// The text of a cell; empty where it is missing.
    public func text(_ place: Int, row: Int) -> String {
        switch cells[place] {
        case .category(let values): values[row] == ArrowColumn.missingIndex ? "" : texts[values[row]]
        case .text(let offsets, let bytes):
            String(decoding: (Int(offsets[row])..<Int(offsets[row + 1])).map { bytes[$0] }, as: UTF8.self)
        default: preconditionFailure("\(schema.name).\(stored[place].name) is no text")
        }
    }

    /// The integer of a cell: a count, a date, a decimal number's units, an instrument's number.
    public func integer(_ place: Int, row: Int) -> Int64 {
        switch cells[place] {
        case .int64(let values): values[row]
        case .int32(let values): Int64(values[row])
        case .instrument(let values, _): Int64(values[row])
        case .boolean(let values): Int64(values[row])
        default: preconditionFailure("\(schema.name).\(stored[place].name) is no integer")
        }
    }

    /// The number of a cell; NaN where it is missing.
    public func number(_ place: Int, row: Int) -> Double {
        guard case .float64(let values) = cells[place] else {
            preconditionFailure("\(schema.name).\(stored[place].name) is no number")
        }
        return values[row]
    }

    /// Changes an integer of a row.
    public func replace(_ place: Int, row: Int, _ value: Int32) {
        guard case .int32(let values) = cells[place] else {
            preconditionFailure("\(schema.name).\(stored[place].name) is no small integer")
        }
        values[row] = value
    }

    /// The instrument of a row; nil where the table has none.
    public func instrument(row: Int) -> InstrumentID? {
        guard let instrumentPlace, case .instrument(let values, _) = cells[instrumentPlace] else { return nil }
        return values[row]
    }

    /// Drops rows.
    ///
    /// - Parameters:
    ///   - start: rows before it stay.
    ///   - isKept: for each row from `start` on, whether it stays.
    public func keep(from start: Int, _ isKept: [Bool]) {
        precondition(isKept.count == count - start, "one decision per row")
        guard isKept.contains(false) else { return }
        var target = start
        for (place, isKept) in isKept.enumerated() where isKept {
            move(from: start + place, to: target)
            target += 1
        }
        truncate(to: target)
    }

    private func move(from source: Int, to target: Int) {
        guard source != target else { return }
        for cell in cells {
            switch cell {
            case .int64(let values): values[target] = values[source]
            case .int32(let values): values[target] = values[source]
            case .float64(let values): values[target] = values[source]
            case .boolean(let values): values[target] = values[source]
            case .category(let values): values[target] = values[source]
            case .instrument(let values, let isVenue): if isVenue { values[target] = values[source] }
            case .text(let offsets, let bytes):
                var end = Int(offsets[target])
                for place in Int(offsets[source])..<Int(offsets[source + 1]) {
                    bytes[end] = bytes[place]
                    end += 1
                }
                offsets[target + 1] = Int64(end)
            }
        }
    }
}
