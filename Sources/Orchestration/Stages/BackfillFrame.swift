internal import Foundation
internal import Platform

/// A frame that a feed asked for afterwards, in the object that names where it came from:
/// `{"backfill":"BTCUSDT","source":"https://…","data":` the answer `}`.
enum BackfillFrame {
    private static let head = Array("{\"backfill\":".utf8)
    /// The head with symbol and address is no longer.
    private static let headBytesMax = 4096

    /// Where the frame came from; nil where it is of another kind.
    static func source(_ payload: UnsafeRawBufferPointer) -> String? {
        guard payload.count > head.count, unsafe payload[0] == head[0], unsafe payload[2] == head[2],
            unsafe payload.prefix(head.count).elementsEqual(head)
        else { return nil }
        let start = unsafe String(decoding: payload.prefix(headBytesMax), as: UTF8.self)
        guard let data = start.range(of: ",\"data\":") else { return "" }
        let object = try? JSONSerialization.jsonObject(with: Data((start[..<data.lowerBound] + "}").utf8))
        return (object as? [String: Any])?["source"] as? String ?? ""
    }
}
