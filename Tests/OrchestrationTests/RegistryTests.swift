import Orchestration
import Platform
import Testing

@Suite struct RegistryTests {
    @Test func `every registered component is described soundly, in alphabetical order`() {
        for specs in [Registry.components.feeds, Registry.components.sinks, Registry.components.indicators] {
            #expect(!specs.isEmpty)
            for spec in specs { #expect(spec.problems == [], "\(spec.name)") }
            #expect(specs.map(\.name) == specs.map(\.name).sorted())
        }
    }
}
