import Market
@testable import Orchestration
import Platform
import Testing

struct ConfigurationReferenceTests {
    static let sections = ConfigurationSection.all

    @Test func `every section and option says what it is`() {
        for section in Self.sections {
            #expect(section.summary.hasSuffix("."), "\(section.key)")
            #expect(!section.absence.isEmpty, "\(section.key)")
            #expect(!section.example.isEmpty, "\(section.key)")
            for option in options(section) {
                #expect(option.summary.count > 10 && option.summary.hasSuffix("."), "\(section.key).\(option.name)")
                #expect(option.name.allSatisfy { $0.isLowercase || $0 == "_" }, "\(section.key).\(option.name)")
            }
        }
    }

    @Test func `the specs of all sections are sound`() throws {
        for section in Self.sections {
            switch section.shape {
            case .value(let option): #expect(Spec("value", "A value.", options: [option]).problems == [])
            case .options(let spec, let listOption):
                #expect(spec.problems == [])
                if let listOption { #expect(spec.options.contains { $0.name == listOption && $0.kind == .list }) }
            case .named(let spec, _): #expect(spec.problems == [])
            case .components, .calls: break
            }
        }
    }

    @Test func `the examples are a file that is read`() throws {
        let text = Self.sections.map(\.example).joined(separator: "\n")
        let configuration = try ConfigurationTests.parse(text)
        #expect(configuration.feeds.map(\.name) == ["simulator"])
        for section in Self.sections {
            let isBudgets = section.key == ConfigurationSection.budgets.key
            _ = try ConfigurationTests.parse(
                (isBudgets ? ConfigurationSection.sinks.example + "\n" : "") + section.example)
        }
    }

    @Test func `the pages hold every section, option, component, table and column`() throws {
        let pages = Dictionary(
            uniqueKeysWithValues: ReferencePage.all(ConfigurationTests.components).map { ($0.path, $0.text) })
        let names = ["configuration", "feeds", "indicators", "jobs", "sinks", "tables"].map { "\($0).md" }
        #expect(Set(pages.keys) == Set(names + Tables.all.map { "avro/\($0.name).avsc" }))
        for table in Tables.all { #expect(pages["avro/\(table.name).avsc"] == AvroSchema(table).text) }
        let configuration = try #require(pages["configuration.md"])
        for section in Self.sections {
            #expect(configuration.contains("\n## \(section.key)\n"))
            let spec: Spec? =
                switch section.shape {
                case .options(let spec, _), .named(let spec, _): spec
                case .value, .components, .calls: nil
                }
            if let spec {
                for option in spec.options { #expect(configuration.contains("| `\(option.name)` | ")) }
            }
        }
        let feeds = try #require(pages["feeds.md"])
        #expect(feeds.contains("| `token` | secret | required | Key of the account. |"))
        #expect(feeds.contains("| `stale` | duration | `30s` | Silence after which the line is made anew. |"))
        #expect(feeds.contains("```yaml\nfeeds:\n  - ticker: { token: ${TOKEN}, symbols: [AAPL] }\n```"))
        let tables = try #require(pages["tables.md"])
        for table in Tables.all {
            #expect(tables.contains("\n## \(table.name)\n"))
            for column in table.columns { #expect(tables.contains("| `\(column.name)` | \(column.type) | ")) }
        }
    }

    @Test func `the rows of every table in a page have the columns of its header`() {
        for page in ReferencePage.all(ConfigurationTests.components) {
            var columns = 0
            for line in page.text.split(separator: "\n", omittingEmptySubsequences: false) {
                guard line.hasPrefix("|") else {
                    columns = 0
                    continue
                }
                let count = line.replacing("\\|", with: "").count { $0 == "|" }
                if columns == 0 { columns = count }
                #expect(count == columns, "\(page.path): \(line)")
            }
        }
    }

    private func options(_ section: ConfigurationSection) -> [Spec.Option] {
        switch section.shape {
        case .value(let option): [option]
        case .options(let spec, _), .named(let spec, _): spec.options
        case .components, .calls: []
        }
    }
}
