/// Memory for the bodies that all connections of a server are receiving.
///
/// - Threading: the server's thread only.
final class IncomingBytes {
    private let limit: Int
    private var taken = 0

    init(limit: Int) { self.limit = limit }

    /// Takes room for a body; false where there is not so much.
    func take(_ bytes: Int) -> Bool {
        guard taken + bytes <= limit else { return false }
        taken += bytes
        return true
    }

    /// A body is complete, or will not be.
    func giveBack(_ bytes: Int) { taken -= bytes }
}

extension ServerLoop {
    /// A parser for one connection.
    func makeParser() -> HTTPRequestParser {
        let (options, incoming) = (options, incoming)
        return HTTPRequestParser(
            maxHeaderBytes: options.maxHeaderBytes,
            maxBodyBytes: { path in
                options.maxBodyBytesBelow.first { path.hasPrefix($0.key) }?.value ?? options.maxBodyBytes
            }, takesBody: { incoming.take($0) })
    }
}
