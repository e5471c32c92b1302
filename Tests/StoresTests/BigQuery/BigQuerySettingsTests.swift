import Delivery
import Networking
import Platform
import Testing

@testable import Stores

@Suite struct BigQuerySettingsTests {
    private func settings(_ more: [String], _ environment: [String: String] = [:]) throws -> BigQuerySettings {
        try BigQuerySettings(Options(BigQuerySink.spec, assignments: more), environment: environment)
    }

    private func message(_ more: [String]) -> String {
        do {
            _ = try settings(more)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `a dataset may name its project`() throws {
        let both = try settings(["dataset=my-project.market"])
        #expect(both.project == "my-project" && both.dataset == "market")
        let domain = try settings(["dataset=example.com:my-project.market"])
        #expect(domain.project == "example.com:my-project" && domain.dataset == "market")
        #expect(try settings(["dataset=market", "project=other"]).project == "other")
        #expect(try settings(["dataset=market"], ["GOOGLE_CLOUD_PROJECT": "third"]).project == "third")
        #expect(try settings(["dataset=market"]).project == nil)
    }

    @Test func `what does not fit is told`() {
        #expect(message(["dataset=my-market"]).contains("no dataset"))
        #expect(message(["dataset=.market"]).contains("no project"))
        #expect(message(["dataset=a/b.market"]).contains("no project"))
        #expect(message(["dataset=market", "views=market"]).contains("is the dataset of the tables"))
        #expect(message(["dataset=market", "views=a-b"]).contains("no name of a dataset"))
        #expect(
            message(["dataset=market", "endpoint=http://far.example", "credentials=key.json"]).contains("without TLS"))
    }

    @Test func `more load jobs than BigQuery takes are counted`() throws {
        #expect(try settings(["dataset=m"]).jobsTooMany == nil)
        #expect(try settings(["dataset=m", "flush=58s"]).jobsTooMany == nil)
        #expect(try settings(["dataset=m", "flush=10s"]).jobsTooMany == 8640)
        #expect(try settings(["dataset=m", "flush=2s", "mode=stream"]).jobsTooMany == nil)
        #expect(try settings(["dataset=m", "flush=2s", "endpoint=http://127.0.0.1:9050"]).jobsTooMany == nil)
    }

    @Test(arguments: [
        (CloudError.Kind.denied, "accessDenied", DeliveryError.Kind.setup), (.missing, "notFound", .setup),
        (.refused, "invalid", .setup), (.refused, "resourcesExceeded", .unavailable),
        (.throttled, "rateLimitExceeded", .unavailable),
        (.unavailable, "backendError", .unavailable),
    ])
    func `what a request meets becomes what helps`(kind: CloudError.Kind, name: String, helps: DeliveryError.Kind) {
        #expect(BigQueryFailure.delivery(CloudError(kind, "400 \(name)", name: name)).kind == helps)
    }

    @Test func `a request that is too large is asked for in halves`() {
        #expect(
            BigQueryFailure.delivery(CloudError(.refused, "413 uploadTooLarge", name: "uploadTooLarge")).kind == .row)
    }

    @Test(arguments: [
        ("invalid", "Error while reading data, error message: Invalid timestamp", DeliveryError.Kind.row),
        ("invalid", "Provided Schema does not match Table p:m.trades. Cannot add fields (field: side)", .setup),
        ("quotaExceeded", "Your table exceeded quota for imports or query appends per table", .unavailable),
        ("backendError", "Please try again", .unavailable), ("accessDenied", "Permission denied", .setup),
        ("notFound", "Not found: Table p:m.trades", .setup),
    ])
    func `why a job failed becomes what helps`(reason: String, text: String, kind: DeliveryError.Kind) {
        let job = BigQueryJob(
            jobReference: .init(jobId: "j"), configuration: nil,
            status: .init(state: "DONE", errorResult: .init(reason: reason, message: text), errors: nil),
            statistics: nil)
        let failure = BigQueryFailure.delivery(job, "m.trades")
        #expect(failure.kind == kind && failure.message == "load job j into m.trades: \(reason): \(text)")
    }
}
