internal import CCurl

/// Explains why there is no answer.
enum HTTPTransferFailure {
    /// - Parameters:
    ///   - text: what the library says beyond the code; may be empty.
    ///   - limit: the limit of ours that ended the transfer.
    static func error(
        _ result: CURLcode, text: String, limit: String?, request: HTTPClientRequest
    ) -> NetworkError {
        if let limit { return NetworkError(.protocol, limit, operation: request.operation) }
        let code = code(result)
        let plain = unsafe String(cString: curl_easy_strerror(result))
        // The library's own words name hosts and ports; where they could repeat a URL, the plain ones do.
        let isOpen = code == .connection || code == .timeout || code == .certificate
        let detail = isOpen && !text.isEmpty && !text.contains("://") ? text : plain
        return NetworkError(code, detail.filter { !$0.isNewline }, operation: request.operation)
    }

    private static func code(_ result: CURLcode) -> NetworkError.Code {
        switch result {
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR: .certificate
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_FAILED_INIT, CURLE_NOT_BUILT_IN, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION:
            .configuration
        case CURLE_BAD_CONTENT_ENCODING, CURLE_WEIRD_SERVER_REPLY, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM,
            CURLE_WRITE_ERROR:
            .protocol
        default: .connection
        }
    }
}
