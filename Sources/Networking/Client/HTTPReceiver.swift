/// Collects an answer as it comes, up to its limits.
final class HTTPReceiver {
    private(set) var headers = HTTPHeaders()
    private(set) var body: [UInt8] = []
    /// The limit that ended the transfer, in words.
    private(set) var exceeded: String?
    private let maxBodyBytes: Int
    private let maxHeaderBytes: Int
    private var headerBytes = 0

    init(maxBodyBytes: Int = 0, maxHeaderBytes: Int = 0) {
        self.maxBodyBytes = maxBodyBytes
        self.maxHeaderBytes = maxHeaderBytes
    }

    /// One line of a head, its line break included.
    ///
    /// - Returns: false where the head is too long.
    @safe
    func header(_ line: UnsafeRawBufferPointer) -> Bool {
        headerBytes += line.count
        guard headerBytes <= maxHeaderBytes else {
            exceeded = "the answer's head is longer than \(maxHeaderBytes) bytes"
            return false
        }
        let text = unsafe String(decoding: line, as: UTF8.self).filter { !$0.isNewline }
        if text.hasPrefix("HTTP/") {  // a new head, after an interim one
            headers = HTTPHeaders()
        } else if let colon = text.firstIndex(of: ":") {
            headers.add(trimmed(text[..<colon]), trimmed(text[text.index(after: colon)...]))
        }
        return true
    }

    /// A part of the body, unpacked.
    ///
    /// - Returns: false where the body is too long.
    @safe
    func body(_ part: UnsafeRawBufferPointer) -> Bool {
        guard body.count + part.count <= maxBodyBytes else {
            exceeded = "the answer is longer than \(maxBodyBytes) bytes"
            return false
        }
        unsafe body.append(contentsOf: part)
        return true
    }
}
