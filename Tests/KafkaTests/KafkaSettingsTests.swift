import Kafka
import Testing

@Suite struct KafkaSettingsTests {
    private func error(_ name: String, _ text: String) -> String? {
        var settings = KafkaSettings()
        do throws(KafkaError) { try settings.set(name, text) } catch { return error.message }
        return nil
    }

    @Test func `librdkafka says which names and values it takes`() throws {
        #expect(error("fetch.wait.max.ms", "100") == nil)
        #expect(try #require(error("fetch.wait.max", "100")).contains("fetch.wait.max"))
        #expect(try #require(error("fetch.wait.max.ms", "soon")).contains("fetch.wait.max.ms"))
    }

    @Test func `no value is ever shown`() throws {
        var settings = KafkaSettings()
        try settings.set("sasl.password", "hidden")
        var text = "\(settings) \(String(reflecting: settings))"
        dump(settings, to: &text)
        #expect(text.contains("sasl.password") && !text.contains("hidden"))
    }
}
