internal import CCurl

/// Tells the library about one request.
///
/// - Threading: the thread of its transfer; lives until the transfer is over.
@unsafe
final class HTTPTransferSetup {
    private let easy: UnsafeMutableRawPointer
    private var fields: UnsafeMutablePointer<curl_slist>?

    init(_ easy: UnsafeMutableRawPointer) { unsafe self.easy = unsafe easy }

    deinit {
        unsafe set(CURLOPT_HTTPHEADER, pointer: nil)
        unsafe curl_slist_free_all(fields)
    }

    func apply(_ options: HTTPClient.Options, deadline: HTTPDeadline) {
        unsafe set(CURLOPT_NOSIGNAL, 1)
        // A name that is still being looked up does not hold up who gives the request up.
        unsafe set(CURLOPT_QUICK_EXIT, 1)
        unsafe set(CURLOPT_PROTOCOLS_STR, "http,https")
        unsafe set(CURLOPT_FOLLOWLOCATION, 0)
        unsafe set(CURLOPT_ACCEPT_ENCODING, "")
        unsafe set(CURLOPT_TIMEOUT_MS, deadline.leftMs)
        unsafe set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(options.connectTimeoutNs / 1_000_000)))
        unsafe set(CURLOPT_LOW_SPEED_LIMIT, options.lowSpeedBytes)
        unsafe set(CURLOPT_LOW_SPEED_TIME, Int(options.lowSpeedTimeNs / 1_000_000_000))
        unsafe set(CURLOPT_TCP_KEEPALIVE, 1)
        if !options.verifiesCertificate {
            unsafe set(CURLOPT_SSL_VERIFYPEER, 0)
            unsafe set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let file = options.authorityFile {
            unsafe set(CURLOPT_CAINFO, file)
            unsafe set(CURLOPT_CAPATH, nil)
        }
    }

    func receive(into receiver: UnsafeMutableRawPointer) {
        _ = unsafe td_curl_set_receiver(easy, CURLOPT_HEADERFUNCTION, receiveHeader)
        _ = unsafe td_curl_set_receiver(easy, CURLOPT_WRITEFUNCTION, receiveBody)
        unsafe set(CURLOPT_HEADERDATA, pointer: receiver)
        unsafe set(CURLOPT_WRITEDATA, pointer: receiver)
    }

    func setProblem(_ text: UnsafeMutablePointer<CChar>?) { unsafe set(CURLOPT_ERRORBUFFER, pointer: text) }

    /// - Throws: `NetworkError` where a header field would break the request.
    func apply(_ request: HTTPClientRequest, userAgent: String) throws(NetworkError) {
        var headers = request.headers
        var url = request.url
        if let signature = request.signature {
            url = try url.sortedQuery()
            unsafe set(CURLOPT_AWS_SIGV4, "\(signature.provider.rawValue):\(signature.region):\(signature.service)")
            unsafe set(CURLOPT_USERNAME, signature.accessKey)
            unsafe set(CURLOPT_PASSWORD, signature.secretKey)
            if let token = signature.sessionToken { headers.addIfAbsent("x-amz-security-token", token) }
        }
        unsafe set(CURLOPT_URL, url.text)
        if !request.unpacksAnswer { unsafe set(CURLOPT_ACCEPT_ENCODING, nil) }
        if url.isLoopback { unsafe set(CURLOPT_PROXY, "") }
        if !request.isRepeatable { unsafe set(CURLOPT_FRESH_CONNECT, 1) }
        unsafe set(CURLOPT_USERAGENT, request.headers["User-Agent"] ?? userAgent)
        for field in headers.fields where !HTTPHeaders.equal(field.name, "User-Agent") {
            guard !(field.name + field.value).utf8.contains(where: { $0 == 13 || $0 == 10 || $0 == 0 }) else {
                throw NetworkError(
                    .configuration, "a line break in header field \(field.name)", operation: request.operation)
            }
            // A field without a value ends with a semicolon here; with a colon it would be left out.
            unsafe add(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // The library would wait for a server that does not say "100 Continue", and call every body a form. A signature
        // would count fields that are left out as sent.
        if request.signature == nil {
            if headers["Expect"] == nil { unsafe add("Expect:") }
            if headers["Content-Type"] == nil { unsafe add("Content-Type:") }
        }
        unsafe set(CURLOPT_HTTPHEADER, pointer: fields)
    }

    /// Method and body; `bytes` must live until the transfer is over.
    func setBody(_ bytes: UnsafeRawBufferPointer, of request: HTTPClientRequest) {
        switch request.method {
        case .get where request.body.isEmpty: unsafe set(CURLOPT_HTTPGET, 1)
        case .head: unsafe set(CURLOPT_NOBODY, 1)
        case .delete where request.body.isEmpty, .options where request.body.isEmpty:
            unsafe set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        default:
            unsafe set(CURLOPT_POST, 1)
            _ = unsafe td_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, Int64(bytes.count))
            let start = unsafe bytes.baseAddress ?? UnsafeRawPointer(emptyBody.utf8Start)
            unsafe set(CURLOPT_POSTFIELDS, pointer: UnsafeMutableRawPointer(mutating: start))
            unsafe set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
    }

    private let emptyBody: StaticString = ""

    private func add(_ field: String) { unsafe fields = unsafe curl_slist_append(fields, field) }
    private func set(_ option: CURLoption, _ value: Int) { _ = unsafe td_curl_set_number(easy, option, value) }
    private func set(_ option: CURLoption, _ value: String?) { _ = unsafe td_curl_set_text(easy, option, value) }
    private func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) {
        _ = unsafe td_curl_set_pointer(easy, option, pointer)
    }
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ owner: UnsafeMutableRawPointer?
) -> Int {
    guard let owner = unsafe owner else { return 0 }
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe Unmanaged<HTTPReceiver>.fromOpaque(owner).takeUnretainedValue().header(line) ? size * count : 0
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ owner: UnsafeMutableRawPointer?
) -> Int {
    guard let owner = unsafe owner else { return 0 }
    let part = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe Unmanaged<HTTPReceiver>.fromOpaque(owner).takeUnretainedValue().body(part) ? size * count : 0
}
