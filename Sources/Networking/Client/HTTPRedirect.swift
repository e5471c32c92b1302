internal import CCurl

/// Where an answer sends a request.
///
/// - Source: RFC 9110 section 15.4.
enum HTTPRedirect {
    /// The request that follows; nil where the answer is the one to return.
    static func next(
        after response: HTTPResponse, of request: HTTPClientRequest
    ) throws(NetworkError) -> HTTPClientRequest? {
        guard request.redirects != .never, [301, 302, 303, 307, 308].contains(response.status),
            let location = response.headers["Location"], let text = resolve(location, base: request.url)
        else { return nil }
        let url = try HTTPURL(text)
        var next = request
        next.url = url
        next.url.hidesPath = request.url.hidesPath
        if response.status == 303 && request.method != .head || response.status <= 302 && request.method == .post {
            next.method = .get
            next.body = []
        }
        guard url.origin != request.url.origin else { return next }
        guard case .anywhere = request.redirects, url.isSecure || !request.url.isSecure else { return nil }
        next.signature = nil
        next.headers = [:]
        for field in request.headers.fields where harmless.contains(where: { HTTPHeaders.equal($0, field.name) }) {
            next.headers.add(field.name, field.value)
        }
        return next
    }

    private static let harmless = ["Accept", "Accept-Language", "Content-Type", "User-Agent"]

    /// `location` relative to `base`; nil where it is no URL.
    private static func resolve(_ location: String, base: HTTPURL) -> String? {
        guard let handle = unsafe curl_url() else { return nil }
        defer { unsafe curl_url_cleanup(handle) }
        guard unsafe curl_url_set(handle, CURLUPART_URL, base.text, 0) == CURLUE_OK,
            unsafe curl_url_set(handle, CURLUPART_URL, location, UInt32(CURLU_URLENCODE)) == CURLUE_OK
        else { return nil }
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(handle, CURLUPART_URL, &text, 0) == CURLUE_OK, let text = unsafe text else {
            return nil
        }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }
}
