internal import Platform

/// One client operation.
struct TransactionOperation {
    /// Random bits of its UUID.
    let identifier: (UInt64, UInt64)
    /// As it stands in JSON, quotes included.
    let name: [UInt8]
    let symbol: String
    let timeNs: Int64
    let exchange: String
    let currency: String
    /// In units of the last decimal.
    let price: Int64
    let decimals: Int
    let isPurchase: Bool
}

/// What can be wrong with a row, as it happens where people and programs fill in forms.
enum TransactionFlaw: CaseIterable {
    case noCurrency
    case unknownCurrency
    case noUUID
    case noName
    case zeroPrice
    case negativePrice
    case priceInWords
    case tooFinePrice
    case unknownOperation
    case localTime
    case cutOff
}

/// Writes operations as lines of JSON, in the form that their decoder reads fastest.
struct TransactionRowWriter {
    /// Appends a row, with a flaw or as it should be.
    func append(_ operation: TransactionOperation, flaw: TransactionFlaw?, to bytes: inout [UInt8]) {
        let begin = bytes.count
        text("{\"operation_id\":\"", &bytes)
        if flaw == .noUUID { text("op-\(operation.identifier.0 % 100_000)", &bytes) } else { uuid(operation, &bytes) }
        text("\",\"person_name\":", &bytes)
        if flaw == .noName { text("\"\"", &bytes) } else { bytes += operation.name }
        text(",\"symbol\":\"", &bytes)
        bytes += operation.symbol.utf8
        text("\",\"timestamp\":\"", &bytes)
        time(operation.timeNs, isLocal: flaw == .localTime, &bytes)
        text("\",\"exchange\":\"", &bytes)
        bytes += operation.exchange.utf8
        if flaw != .noCurrency {
            text("\",\"currency\":\"", &bytes)
            bytes += (flaw == .unknownCurrency ? "XXQ" : operation.currency).utf8
        }
        text("\",\"price\":", &bytes)
        price(operation, flaw, &bytes)
        text(",\"operation\":\"", &bytes)
        text(flaw == .unknownOperation ? "hold" : operation.isPurchase ? "purchase" : "sale", &bytes)
        text("\"}", &bytes)
        if flaw == .cutOff { bytes.removeLast((bytes.count - begin) / 3) }
        bytes.append(UInt8(ascii: "\n"))
    }

    @inline(__always)
    private func text(_ text: String, _ bytes: inout [UInt8]) { bytes += text.utf8 }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// A UUID of version 4 (RFC 9562 section 5.4).
    private func uuid(_ operation: TransactionOperation, _ bytes: inout [UInt8]) {
        let high = operation.identifier.0 & ~0xf000 | 0x4000
        let low = operation.identifier.1 & ~(0xc000_0000_0000_0000) | 0x8000_0000_0000_0000
        for digit in 0..<32 {
            if digit == 8 || digit == 12 || digit == 16 || digit == 20 { bytes.append(UInt8(ascii: "-")) }
            let word = digit < 16 ? high : low
            bytes.append(Self.hexDigits[Int(word >> UInt64(60 - 4 * (digit % 16)) & 15)])
        }
    }

    /// Microseconds in UTC.
    private func time(_ timeNs: Int64, isLocal: Bool, _ bytes: inout [UInt8]) {
        let (date, ofDayNs) = CivilDate.split(Timestamp(nanoseconds: timeNs))
        let (year, month, day) = date.components
        let seconds = ofDayNs / 1_000_000_000
        number(year, 4, &bytes)
        bytes.append(UInt8(ascii: "-"))
        number(month, 2, &bytes)
        bytes.append(UInt8(ascii: "-"))
        number(day, 2, &bytes)
        bytes.append(UInt8(ascii: isLocal ? " " : "T"))
        number(seconds / 3600, 2, &bytes)
        bytes.append(UInt8(ascii: ":"))
        number(seconds / 60 % 60, 2, &bytes)
        bytes.append(UInt8(ascii: ":"))
        number(seconds % 60, 2, &bytes)
        guard !isLocal else { return }
        bytes.append(UInt8(ascii: "."))
        number(ofDayNs / 1000 % 1_000_000, 6, &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    private func price(_ operation: TransactionOperation, _ flaw: TransactionFlaw?, _ bytes: inout [UInt8]) {
        switch flaw {
        case .zeroPrice: return text("0", &bytes)
        case .priceInWords: return text("\"n/a\"", &bytes)
        case .negativePrice: bytes.append(UInt8(ascii: "-"))
        default: break
        }
        let scale = (0..<operation.decimals).reduce(Int64(1)) { power, _ in power * 10 }
        bytes += String(operation.price / scale).utf8
        guard operation.decimals > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        number(operation.price % scale, operation.decimals, &bytes)
        if flaw == .tooFinePrice { text("00000000001", &bytes) }
    }

    /// The last `digits` digits of a number.
    private func number(_ value: Int64, _ digits: Int, _ bytes: inout [UInt8]) {
        var unit = (1..<digits).reduce(Int64(1)) { power, _ in power * 10 }
        var rest = value
        for _ in 0..<digits {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / unit % 10))
            rest %= unit
            unit = max(1, unit / 10)
        }
    }
}
