import Delivery
import Kafka
import Market
import Platform
import Testing

@testable import Stores

@Suite struct KafkaSinkSettingsTests {
    private func message(_ more: [String]) -> String? {
        do {
            _ = try KafkaSinkSettings(try Options(KafkaSink.spec, assignments: ["brokers=b:1"] + more))
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `what does not fit is told`() throws {
        #expect(message([]) == nil && message(["prefix=", "partitions=3", "copies=2"]) == nil)
        #expect(try #require(message(["prefix=a b"])).contains("prefix"))
        #expect(try #require(message(["prefix=" + String(repeating: "x", count: 240)])).contains("prefix"))
        #expect(try #require(message(["partitions=0"])).contains("partitions"))
        #expect(try #require(message(["settings=socket.timeout.ms=soon"])).contains("socket.timeout.ms"))
        for owned in ["enable.idempotence=false", "acks=1", "transactional.id=x"] {
            #expect(try #require(message(["settings=" + owned])).contains("delivery rests on it"))
        }
        #expect(message(["format=arrow"]) == nil && message(["format=json", "as_received=true"]) == nil)
        for format in ["avro", "arrow"] {
            let refused = try #require(message(["format=\(format)", "as_received=true"]))
            #expect(refused.contains("`as_received`") && refused.contains("`\(format)`"))
        }
        #expect(try #require(message(["format=protobuf"])).contains("format"))
        let secret = try #require(message(["settings=sasl.password=sesame"]))
        #expect(secret.contains("`password`") && !secret.contains("sesame"))
    }

    @Test func `the user's settings come before the sink's own`() throws {
        let options = try Options(
            KafkaSink.spec, assignments: ["brokers=b:1", "settings=compression.type=zstd,message.max.bytes=2000000"])
        let settings = try KafkaSinkSettings(options)
        #expect(settings.client.value("compression.type") == "zstd" && settings.messageBytesMax == 2_000_000 - 256)
        #expect(settings.client.value("partitioner") == "murmur2_random")
        #expect(try settings.producer("n").value("transactional.id") == "n")
    }

    @Test func `rows that belong together have the same key`() {
        #expect(
            MessageIdentity.key(Tables.trades) == ["venue", "symbol"]
                && MessageIdentity.key(Tables.bars) == ["venue", "symbol"])
        #expect(MessageIdentity.key(Tables.transactions) == ["exchange", "symbol"])
        #expect(MessageIdentity.key(Tables.deals) == ["account"] && MessageIdentity.key(Tables.coverage) == ["feed"])
        for table in Tables.all { #expect(!MessageIdentity.key(table).isEmpty, "\(table.name)") }
        let schemas = Set(Tables.all.map(MessageIdentity.schema))
        #expect(schemas.count == Tables.all.count && schemas.allSatisfy { $0.count == 8 })
    }
}
