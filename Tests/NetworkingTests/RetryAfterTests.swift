import Networking
import Platform
import Testing

@Suite struct RetryAfterTests {
    private func wait(_ text: String?) -> Int64? {
        let headers: HTTPHeaders = text.map { ["retry-after": $0] } ?? [:]
        // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
        return HTTPResponse(status: 429, headers: headers).retryAfterNs(
            now: Timestamp(nanoseconds: 784_111_777_000_000_000))
    }

    @Test func `seconds and dates are understood`() {
        #expect(wait("120") == 120_000_000_000)
        #expect(wait("0") == 0)
        #expect(wait("Sun, 06 Nov 1994 08:50:07 GMT") == 30_000_000_000)
        #expect(wait("Sun, 06 Nov 1994 08:00:00 GMT") == 0)
    }

    @Test func `what would hold us up for days is cut to one, what is nonsense is nothing`() {
        #expect(wait("99999999999999999999") == 86_400_000_000_000)
        #expect(wait("Sun, 06 Nov 2094 08:49:37 GMT") == 86_400_000_000_000)
        for text in [nil, "", "soon", "-5", "1.5", "Sun, 06 Nov 1994", "Sun, 32 Nov 1994 08:49:37 GMT"] {
            #expect(wait(text) == nil, "\(text ?? "nil")")
        }
    }
}
