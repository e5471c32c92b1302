import Delivery
import Testing

@testable import Stores

@Suite struct ClickHouseFailureTests {
    @Test(arguments: [
        (
            "Code: 193, e.displayText() = DB::Exception: Wrong password for user tapedeck, e.what() = DB::Exception\n",
            DeliveryError.Kind.setup, "Wrong password for user tapedeck"
        ),
        (
            "Code: 60. DB::Exception: Table m.t does not exist. (UNKNOWN_TABLE) (version 26.9.2.1)", .conflict,
            "Table m.t does not exist. (UNKNOWN_TABLE)"
        ),
        (
            "Code: 469. DB::Exception: Constraint `honest` is violated (version 26.9)", .row,
            "Constraint `honest` is violated"
        ),
        ("Code: 252. DB::Exception: Too many parts (version 26.9)", .unavailable, "Too many parts"),
        ("<html>Bad Gateway</html>", .unavailable, "it answered with status 502: <html>Bad Gateway</html>"),
    ])
    func `what a server says becomes what helps`(answer: String, kind: DeliveryError.Kind, message: String) {
        let failure = ClickHouseFailure(answer, status: 502)
        #expect(failure.kind == kind && failure.message == message)
    }

    @Test func `whoever refuses without a word of ClickHouse is a matter of the set-up`() {
        #expect(ClickHouseFailure("no", status: 403).kind == .setup)
    }
}
