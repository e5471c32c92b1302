/// The groups of rows that a mapping asks an answer for, and where its values are among their columns.
struct AnswerGroups: Sendable {
    /// A group with the places of its values.
    struct Places: Sendable {
        let group: Int
        private let places: [String: Int]

        init(group: Int, fields: [String]) {
            self.group = group
            places = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1, $0) })
        }

        /// The column of a value; -1 where there is none.
        func callAsFunction(_ field: String) -> Int { places[field] ?? -1 }
    }

    private(set) var groups: [AnswerGroup] = []
    let main: Places
    let dividends: Places
    let splits: Places
    let about: Places
    let errors: Int

    init(_ mapping: AnswerMapping) {
        var groups: [AnswerGroup] = []
        func add(_ part: AnswerMapping.Part, _ layout: AnswerGroup.Layout) -> Places {
            let fields = part.fields.keys.sorted()
            groups.append(
                AnswerGroup(
                    path: part.rows, layout: layout, columns: fields.map { part.fields[$0] ?? "" },
                    numbers: Set(fields.indices.filter { !AnswerMapping.textFields.contains(fields[$0]) })))
            return Places(group: groups.count - 1, fields: fields)
        }
        main = add(mapping.main, mapping.layout)
        dividends = add(mapping.dividends, .rows)
        splits = add(mapping.splits, .rows)
        about = add(AnswerMapping.Part(fields: mapping.about), .columns)
        groups.append(AnswerGroup(layout: .columns, columns: mapping.errors))
        errors = groups.count - 1
        // A group without values would still take the rows of others.
        self.groups = groups.map { $0.columns.isEmpty ? AnswerGroup(layout: .columns, columns: []) : $0 }
    }

    /// The reader of answers.
    ///
    /// - Throws: `FeedError` naming a path that is none.
    func makeTable(_ format: AnswerMapping.Format) throws(FeedError) -> any AnswerTable {
        switch format {
        case .json: try JSONAnswerTable(groups)
        case .csv: CSVAnswerTable(groups)
        }
    }
}
