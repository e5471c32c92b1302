internal import Market
internal import Platform

/// A file of `docs/reference`, made from the same declarations that the program runs on.
public struct ReferencePage: Sendable {
    /// Path below `docs/reference`.
    public let path: String
    /// Markdown, or the Avro schema of a table.
    public let text: String

    /// All pages.
    public static func all(_ components: ComponentSpecs) -> [ReferencePage] {
        [
            ReferencePage("configuration", configuration(components)),
            ReferencePage("feeds", page(.feed, components)),
            ReferencePage("sinks", page(.sink, components)),
            ReferencePage("indicators", page(.indicator, components)),
            ReferencePage("jobs", page(.job, components)),
            ReferencePage("tables", tables()),
        ] + Tables.all.map { ReferencePage(path: "avro/\($0.name).avsc", text: AvroSchema($0).text) }
    }

    private init(path: String, text: String) {
        self.path = path
        self.text = text
    }

    private init(_ name: String, _ blocks: [String]) {
        let origin = "<!-- Made by `make docs` from the declarations in the code: edit those. -->"
        self.init(path: "\(name).md", text: ([origin] + blocks).joined(separator: "\n\n") + "\n")
    }

    // MARK: Configuration

    private static func configuration(_ components: ComponentSpecs) -> [String] {
        let sections = ConfigurationSection.all
        var blocks = ["# Configuration", introduction, yaml(sections.map(\.example).joined(separator: "\n"))]
        blocks.append(
            MarkdownTable.text(
                ["section", "what for", "where absent"],
                sections.map { ["[`\($0.key)`](#\($0.key))", $0.summary, $0.absence] }))
        for section in sections { blocks += block(section, components) }
        return blocks + ["## Values", values]
    }

    private static func block(_ section: ConfigurationSection, _ components: ComponentSpecs) -> [String] {
        var blocks = ["## \(section.key)", section.summary]
        switch section.shape {
        case .value(let option): blocks.append("A \(option.form); where absent, \(section.absence).")
        case .options(let spec, let listOption):
            if let listOption { blocks.append("A list in place of the options is `\(listOption)`.") }
            if let option = section.textOption { blocks.append("A text in place of the options is `\(option)`.") }
            blocks.append(options(spec))
            for part in section.parts {
                blocks += ["### \(part.spec.name)", part.spec.summary, "Where absent, \(part.absence)."]
                blocks += [options(part.spec), yaml(part.spec.example)]
            }
        case .named(let spec, let kind):
            blocks.append("Where absent: \(section.absence). Options under the name of a \(kind.rawValue):")
            blocks.append(options(spec))
        case .components(let kind), .calls(let kind):
            blocks.append("Where absent: \(section.absence).")
            let rows = components[kind].map { ["[`\($0.name)`](\(kind.rawValue)s.md#\(anchor($0.name)))", $0.summary] }
            if !rows.isEmpty { blocks.append(MarkdownTable.text([kind.rawValue, "what"], rows)) }
        }
        return blocks + [yaml(section.example)]
    }

    private static let introduction = """
        A pipeline is one YAML file. Every section may be absent. Unknown sections and options are errors, reported \
        with their line and all at once by `tapedeck check PIPELINE.yaml`. A file with every section:
        """

    private static let values = """
        - **text**, **list**: YAML text and lists of it, `[AAPL, MSFT]`.
        - **integer**, **number**: `10000` or `10_000`; `0.5` or `5e-1`.
        - **duration**: a number with a unit, `ns`, `us`, `ms`, `s`, `m`, `h`, `d` or `w`; several add up, largest first: `1h30m`.
        - **bytes**: `512KiB`, `64MiB`, `1GiB` (powers of 1024), `1MB`, `1GB` (powers of 1000), or a number of bytes.
        - **boolean**: `true` or `false`.
        - **secret**: a text that no log, error, table or interface shows.
        - `${NAME}` anywhere in a value stands for an environment variable, `${file:path}` for the content of a file without \
        its last line end, so that secrets need not be in the file. `$${` stands for `${` itself.
        - Anchors and aliases work; merge keys (`<<`) do not exist. A key that appears twice is an error.
        """

    // MARK: Components

    private static func page(_ kind: ComponentKind, _ components: ComponentSpecs) -> [String] {
        let specs = components[kind].sorted { $0.name < $1.name }
        let word = kind.rawValue + "s"
        var blocks = ["# \(word.prefix(1).uppercased() + word.dropFirst())"]
        if specs.isEmpty { return blocks + ["None is registered."] }
        blocks.append(
            MarkdownTable.text(
                [kind.rawValue, "what"], specs.map { ["[`\($0.name)`](#\(anchor($0.name)))", $0.summary] }))
        for spec in specs {
            blocks += ["## \(spec.name)", spec.summary, options(spec)]
            if !spec.example.isEmpty { blocks.append(yaml(spec.example)) }
        }
        return blocks
    }

    private static func options(_ spec: Spec) -> String {
        if spec.options.isEmpty { return "No options." }
        return MarkdownTable.text(
            ["option", "type", "default", "what"],
            spec.options.map { option in
                let form = option.defaultForm
                let isWord = option.defaultText?.isEmpty ?? true
                return ["`\(option.name)`", option.form, isWord ? form : "`\(form)`", option.summary]
            })
    }

    // MARK: Tables

    private static func tables() -> [String] {
        var blocks = [
            "# Tables",
            "Times are UTC. Files are kept in folders by `date`, or by `month` where rows are few, so that a condition on "
                + "this column spares opening the others. Columns marked *computed* follow from others.",
            MarkdownTable.text(
                ["table", "layer", "one row per"],
                Tables.all.map { ["[`\($0.name)`](#\($0.name))", $0.layer.rawValue, $0.summary] }),
        ]
        for table in Tables.all {
            blocks.append("## \(table.name)")
            blocks.append(
                "One row per \(table.summary) (\(table.layer.rawValue)). Partitioned by the \(table.partition.column) of "
                    + "`\(table.timeColumn)`, "
                    + "sorted by \(table.sortKey.map { "`\($0)`" }.joined(separator: ", ")).")
            blocks.append(
                MarkdownTable.text(
                    ["column", "type", "nullable", "meaning"],
                    table.columns.map { column in
                        [
                            "`\(column.name)`", "\(column.type)", column.isNullable ? "yes" : "no",
                            column.summary + (column.nanoseconds == nil ? "" : " *Computed.*"),
                        ]
                    } + [
                        [
                            "`\(table.partition.column)`", "date", "no",
                            table.partition == .date
                                ? "UTC date of `\(table.timeColumn)`. *Computed.*"
                                : "First day of the UTC month of `\(table.timeColumn)`. *Computed.*",
                        ]
                    ]))
        }
        return blocks
    }

    private static func yaml(_ text: String) -> String { "```yaml\n\(text)\n```" }

    /// The fragment that a heading gets: lower case, spaces as hyphens, other marks dropped.
    private static func anchor(_ heading: String) -> String {
        heading.lowercased().replacing(" ", with: "-").filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
    }
}

/// Tables in Markdown.
private enum MarkdownTable {
    static func text(_ header: [String], _ rows: [[String]]) -> String {
        let lines = [header, header.map { _ in "---" }] + rows.map { $0.map { $0.replacing("|", with: "\\|") } }
        return lines.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
    }
}
