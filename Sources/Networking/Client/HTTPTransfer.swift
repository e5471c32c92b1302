internal import CCurl
internal import Glibc
internal import Platform

/// When a request must be answered.
struct HTTPDeadline {
    private let stopwatch = Stopwatch()
    private let ns: Int64

    init(afterNs: Int64) { ns = afterNs }

    /// What is left, at least a millisecond: 0 would mean no limit.
    var leftMs: Int { max(1, Int((ns - stopwatch.elapsedNs) / 1_000_000)) }
    var isOver: Bool { stopwatch.elapsedNs >= ns }
}

/// One request at a time, over connections that it keeps.
///
/// - Threading: one thread at a time.
@safe
final class HTTPTransfer: @unchecked Sendable {  // the client hands it to one call at a time
    private let easy: UnsafeMutableRawPointer
    private let multi: UnsafeMutableRawPointer
    private var receiver = HTTPReceiver()

    /// Sets the library up, and finds out about an authority file that cannot be read.
    static func prepare(_ options: HTTPClient.Options) throws(NetworkError) {
        guard isLibraryReady else {
            throw NetworkError(.configuration, "the HTTP library could not set itself up", operation: "libcurl")
        }
        if let file = options.authorityFile {
            guard unsafe access(file, R_OK) == 0 else {
                throw NetworkError(.configuration, "cannot read the certificate authorities", operation: file)
            }
        }
    }

    private static let isLibraryReady = td_curl_global_init() == CURLE_OK

    init(operation: String) throws(NetworkError) {
        guard let easy = unsafe curl_easy_init(), let multi = unsafe curl_multi_init() else {
            throw NetworkError(.configuration, "no memory for a request", operation: operation)
        }
        unsafe self.easy = unsafe easy
        unsafe self.multi = unsafe multi
        _ = unsafe td_curl_limit_connections(multi, 4)
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        _ = unsafe curl_multi_cleanup(multi)
    }

    /// Asks once.
    func run(
        _ request: HTTPClientRequest, options: HTTPClient.Options, deadline: HTTPDeadline, checkNs: Int64,
        isCancelled: () -> Bool
    ) throws(NetworkError) -> HTTPResponse {
        receiver = HTTPReceiver(maxBodyBytes: options.maxBodyBytes, maxHeaderBytes: options.maxHeaderBytes)
        unsafe curl_easy_reset(easy)
        let setup = unsafe HTTPTransferSetup(easy)
        unsafe setup.apply(options, deadline: deadline)
        unsafe setup.receive(into: Unmanaged.passUnretained(receiver).toOpaque())
        try unsafe setup.apply(request, userAgent: options.userAgent)
        // The library reads the body and the error text's memory while the transfer is under way only.
        let result = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CURL_ERROR_SIZE)) { problem in
            unsafe problem.initialize(repeating: 0)
            unsafe setup.setProblem(problem.baseAddress)
            defer { unsafe setup.setProblem(nil) }
            let code = unsafe request.body.withUnsafeBytes { bytes in
                unsafe setup.setBody(bytes, of: request)
                return transfer(checkNs: checkNs, isCancelled: isCancelled)
            }
            return unsafe (code, code == nil ? "" : String(cString: problem.baseAddress!))
        }
        unsafe withExtendedLifetime(setup) {}
        guard let code = result.0 else { throw Self.cancelled(request) }
        guard code == CURLE_OK else {
            throw HTTPTransferFailure.error(code, text: result.1, limit: receiver.exceeded, request: request)
        }
        return HTTPResponse(
            status: unsafe td_curl_get_number(easy, CURLINFO_RESPONSE_CODE), headers: receiver.headers,
            body: receiver.body)
    }

    static func cancelled(_ request: HTTPClientRequest) -> NetworkError {
        NetworkError(.cancelled, "the request was given up", operation: request.operation)
    }

    /// Runs the transfer to its end; nil where it was given up.
    private func transfer(checkNs: Int64, isCancelled: () -> Bool) -> CURLcode? {
        guard unsafe curl_multi_add_handle(multi, easy) == CURLM_OK else { return CURLE_FAILED_INIT }
        defer { unsafe curl_multi_remove_handle(multi, easy) }
        while true {
            var running: Int32 = 0
            guard unsafe curl_multi_perform(multi, &running) == CURLM_OK else { return CURLE_FAILED_INIT }
            if running == 0 {
                let result = unsafe td_curl_finished(multi)
                return result < 0 ? CURLE_FAILED_INIT : CURLcode(UInt32(result))
            }
            if isCancelled() { return nil }
            guard unsafe curl_multi_poll(multi, nil, 0, Int32(checkNs / 1_000_000), nil) == CURLM_OK else {
                return CURLE_FAILED_INIT
            }
        }
    }
}
