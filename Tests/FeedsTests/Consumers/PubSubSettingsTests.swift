import Foundation
import Networking
import Platform
import Testing

@testable import Feeds

@Suite struct PubSubSettingsTests {
    private func settings(_ assignments: [String], _ environment: [String: String] = [:]) throws -> PubSubSettings {
        try PubSubSettings(
            Options(PubSubFeed.spec, assignments: ["format=trades"] + assignments), environment: environment)
    }

    @Test func `a subscription is named in full or beside its project`() throws {
        let full = "projects/p/subscriptions/s"
        #expect(try settings(["subscription=\(full)"]).subscription == full)
        #expect(try settings(["subscription=s", "project=p"]).subscription == full)
        #expect(try settings(["subscription=s"], ["GOOGLE_CLOUD_PROJECT": "p"]).subscription == full)
    }

    @Test(arguments: [
        ["subscription=s"], ["subscription=projects/p/topics/s"], ["subscription=projects//subscriptions/s"],
        ["subscription=a/b"], ["subscription=a b", "project=p"], ["subscription=s", "project=p/q"],
        ["subscription=s", "project=p", "batch=0"], ["subscription=s", "project=p", "batch=1001"],
        ["subscription=s", "project=p", "pulls=17"], ["subscription=s", "project=p", "outstanding=0"],
        ["subscription=s", "project=p", "endpoint=nonsense"],
        ["subscription=s", "project=p", "endpoint=http://elsewhere.example", "credentials=metadata"],
    ])
    func `options of no use are refused`(_ assignments: [String]) {
        #expect(throws: ConfigError.self) { try settings(assignments) }
    }

    @Test func `an emulator needs no credentials, the service does`() throws {
        let options = try Options(PubSubFeed.spec, assignments: ["subscription=s", "format=trades"])
        let google = { (environment: [String: String]) in
            try GoogleOptions(
                options, emulator: PubSubFeed.emulator, endpoint: PubSubFeed.endpoint, environment: environment)
        }
        let emulated = try google(["PUBSUB_EMULATOR_HOST": "localhost:8085"])
        #expect(emulated.endpoint.origin == "http://localhost:8085")
        #expect(try emulated.tokens(HTTPClient(), scope: "s") == nil)
        #expect(try google([:]).endpoint.origin == "https://pubsub.googleapis.com")
        #expect(try google([:]).tokens(HTTPClient(), scope: "s") != nil)
        let error = #expect(throws: CloudError.self) {
            try google(["GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"]).tokens(HTTPClient(), scope: "s")
        }
        #expect(error?.operation == "/nowhere/key.json")
    }

    @Test func `sessions name format and venue`() throws {
        #expect(try settings(["subscription=s", "project=p"]).session.venue == "PUBSUB")
        let venue = try PubSubSettings(
            Options(PubSubFeed.spec, assignments: ["subscription=s", "project=p", "format=finnhub"]), environment: [:])
        #expect(venue.session.venue == nil && venue.session.format == "finnhub")
    }
}
