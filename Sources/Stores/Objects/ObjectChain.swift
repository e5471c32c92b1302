internal import Delivery
internal import Market
internal import Objects

/// The objects of a table, each behind the other.
struct ObjectChain {
    /// The last one; nil where there is none.
    var newest: ObjectNames.Name?
    /// Up to which offset the table is there.
    var offset: Int64 = -1
}

/// Finds objects by their keys.
struct ObjectFinder {
    let folder: ObjectFolder
    let names: ObjectNames

    /// Every object of a table behind a key, in the order of their offsets.
    ///
    /// - Returns: in how many pages they were listed.
    @discardableResult
    func each(
        _ table: TableSchema, after key: String = "", _ body: (ObjectNames.Name) throws(DeliveryError) -> Void
    ) throws(DeliveryError) -> Int {
        var after: String? = key
        var pages = 0
        while let place = after {
            let page = try ObjectFolder.translating { () throws(ObjectError) in
                try folder.store.list(prefix: ObjectNames.folder(table), after: place, limit: ObjectPage.limitMax)
            }
            for object in page.objects {
                if let name = names.read(table, object.key) { try body(name) }
            }
            after = page.next
            pages += 1
        }
        return pages
    }

    /// The lines of an object.
    func lines(_ name: ObjectNames.Name) throws(DeliveryError) -> [UInt8] {
        guard let content = try folder.read(name.key) else {
            throw DeliveryError(.conflict, "\(name.key) was taken away")
        }
        guard let lines = names.compression.lines(content) else {
            throw DeliveryError(.setup, "\(name.key) is damaged: take it away, and its rows are delivered again")
        }
        return lines
    }

    /// The offset of an object's last row; its own where it has none.
    func end(of name: ObjectNames.Name) throws(DeliveryError) -> Int64 {
        let lines = try lines(name)
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
}
