internal import CPlatform
internal import Platform

extension ArrowLayout {
    /// The value at `index` of an array of this layout (the array's own offset is added here).
    func value(_ array: ArrowArray, _ index: Int) -> SQLValue {
        let place = unsafe index + Int(array.offset)
        if case .null = kind { return .null }
        if let validity = unsafe array.buffers[0], unsafe !Self.bit(validity, place) { return .null }
        if let texts = dictionary.first, let values = unsafe array.dictionary {
            return unsafe texts.value(values.pointee, Int(integer(array, place)))
        }
        return unsafe present(array, place)
    }

    private func present(_ array: ArrowArray, _ place: Int) -> SQLValue {
        switch kind {
        case .null: return .null
        case .boolean: return unsafe .boolean(array.buffers[1].map { unsafe Self.bit($0, place) } ?? false)
        case .signed: return .integer(unsafe integer(array, place))
        case .unsigned:
            let bits = UInt64(bitPattern: unsafe integer(array, place))
            return Int64(exactly: bits).map { .integer($0) } ?? .unsigned(bits)
        case .float(let width):
            return width == 4
                ? .double(Double(unsafe load(array, place, Float.self)))
                : .double(unsafe load(array, place, Double.self))
        case .decimal(let scale): return Self.decimal(unsafe load(array, place, Int128.self), scale)
        case .text(let large): return .text(String(decoding: unsafe bytes(array, place, large), as: UTF8.self))
        case .binary(let large): return .binary(unsafe bytes(array, place, large))
        case .fixedBinary(let width):
            guard let base = unsafe array.buffers[1] else { return .null }
            return .binary(unsafe Array(UnsafeRawBufferPointer(start: base + place * width, count: width)))
        case .date32, .date64, .time, .timestamp, .months, .daysMilliseconds, .monthsDaysNanoseconds:
            return unsafe temporal(array, place)
        case .list, .fixedList, .structure, .map: return unsafe nested(array, place)
        }
    }

    private func temporal(_ array: ArrowArray, _ place: Int) -> SQLValue {
        switch kind {
        case .date32: return .date(CivilDate(daysSinceEpoch: Int64(unsafe load(array, place, Int32.self))))
        case .date64: return .date(CivilDate(daysSinceEpoch: unsafe load(array, place, Int64.self) / 86_400_000))
        case .time(let unit, let width):
            let count =
                width == 4 ? Int64(unsafe load(array, place, Int32.self)) : unsafe load(array, place, Int64.self)
            return .time(count * unit)
        case .timestamp(let unit, let isUTC):
            let count = unsafe load(array, place, Int64.self)
            let (nanoseconds, overflow) = count.multipliedReportingOverflow(by: unit)
            // The database's own infinities, and years beyond 2262, do not fit nanoseconds.
            if overflow { return .timestamp(count < 0 ? .distantPast : .distantFuture, isUTC: isUTC) }
            return .timestamp(Timestamp(nanoseconds: nanoseconds), isUTC: isUTC)
        case .months: return .interval(months: unsafe load(array, place, Int32.self), days: 0, nanoseconds: 0)
        case .daysMilliseconds:
            return .interval(
                months: 0, days: unsafe load(array, place * 2, Int32.self),
                nanoseconds: Int64(unsafe load(array, place * 2 + 1, Int32.self)) * 1_000_000)
        default:
            return .interval(
                months: unsafe load(array, place * 4, Int32.self), days: unsafe load(array, place * 4 + 1, Int32.self),
                nanoseconds: unsafe load(array, place * 2 + 1, Int64.self))
        }
    }

    private func nested(_ array: ArrowArray, _ place: Int) -> SQLValue {
        func child(_ index: Int, _ row: Int) -> SQLValue {
            guard let child = unsafe array.children[index] else { return .null }
            return unsafe children[index].value(child.pointee, row)
        }
        switch kind {
        case .fixedList(let length): return .list((0..<length).map { child(0, place * length + $0) })
        case .structure: return .structure(children.indices.map { .init(children[$0].name, child($0, place)) })
        case .map:
            let entries = unsafe range(array, place, large: false).map { child(0, $0) }
            return .structure(
                entries.map { entry in
                    guard case .structure(let pair) = entry, pair.count == 2 else { return .init("", entry) }
                    return .init(pair[0].value.text, pair[1].value)
                })
        case .list(let large): return .list(unsafe range(array, place, large: large).map { child(0, $0) })
        default: return .null
        }
    }

    private func load<T: BitwiseCopyable>(_ array: ArrowArray, _ place: Int, _ type: T.Type) -> T {
        guard let base = unsafe array.buffers[1] else { preconditionFailure("the driver gave no values for \(name)") }
        return unsafe base.loadUnaligned(fromByteOffset: place * MemoryLayout<T>.stride, as: T.self)
    }

    private func integer(_ array: ArrowArray, _ place: Int) -> Int64 {
        switch kind {
        case .signed(1): Int64(unsafe load(array, place, Int8.self))
        case .signed(2): Int64(unsafe load(array, place, Int16.self))
        case .signed(4): Int64(unsafe load(array, place, Int32.self))
        case .unsigned(1): Int64(unsafe load(array, place, UInt8.self))
        case .unsigned(2): Int64(unsafe load(array, place, UInt16.self))
        case .unsigned(4): Int64(unsafe load(array, place, UInt32.self))
        default: unsafe load(array, place, Int64.self)
        }
    }

    private func range(_ array: ArrowArray, _ place: Int, large: Bool) -> Range<Int> {
        large
            ? Int(unsafe load(array, place, Int64.self))..<Int(unsafe load(array, place + 1, Int64.self))
            : Int(unsafe load(array, place, Int32.self))..<Int(unsafe load(array, place + 1, Int32.self))
    }

    private func bytes(_ array: ArrowArray, _ place: Int, _ large: Bool) -> [UInt8] {
        let range = unsafe range(array, place, large: large)
        guard let base = unsafe array.buffers[2], !range.isEmpty else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    static func bit(_ bits: UnsafeRawPointer, _ place: Int) -> Bool {
        unsafe bits.load(fromByteOffset: place / 8, as: UInt8.self) >> UInt8(place % 8) & 1 != 0
    }

    private static func decimal(_ value: Int128, _ scale: Int) -> SQLValue {
        if scale <= 0, let small = Int64(exactly: value) { return .integer(small) }
        var digits = String(value.magnitude)
        if scale > 0 {
            digits = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale))
        }
        return .decimal((value < 0 ? "-" : "") + digits)
    }
}
