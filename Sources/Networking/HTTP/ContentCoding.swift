internal import Platform

/// Bodies as they were before they were compressed for the way.
public enum ContentCoding {
    /// Why a body cannot be used, with the status of the answer.
    public struct Problem: Error, Sendable {
        public let status: Int
        public let code: String
        public let message: String
    }

    /// The body of a request without its `Content-Encoding`: none, gzip or zstd.
    ///
    /// - Parameter limit: bytes that it may have; decompression stops there.
    /// - Throws: 413 where it has more, 415 for another coding, 400 where the data is damaged.
    public static func body(of request: HTTPRequest, limit: Int) throws(Problem) -> [UInt8] {
        let codings = request.headers.values("Content-Encoding").joined(separator: ",").split(separator: ",")
            .map { trimmed($0).lowercased() }.filter { !$0.isEmpty && $0 != "identity" }
        guard let coding = codings.first else {
            guard request.body.count <= limit else { throw tooLarge(limit) }
            return request.body
        }
        guard codings.count == 1, ["gzip", "x-gzip", "zstd"].contains(coding) else {
            throw Problem(
                status: 415, code: "unsupported_encoding", message: "bodies may be compressed once, with gzip or zstd")
        }
        let body: [UInt8]?
        do throws(StreamError) {
            let source = MemoryStream(request.body)
            let stream: any ByteStream =
                coding == "zstd"
                ? try ZstdStream(source, path: "the body") : try InflateStream(source, .gzip, path: "the body")
            body = try stream.readToEnd(limit: limit)
        } catch {
            throw Problem(
                status: 400, code: "damaged_body", message: "the body cannot be decompressed: \(error.message)")
        }
        guard let body else { throw tooLarge(limit) }
        return body
    }

    private static func tooLarge(_ limit: Int) -> Problem {
        Problem(
            status: 413, code: "too_large",
            message: "the body may have \(limit) bytes, decompressed: send the rows in smaller batches")
    }
}
