internal import CDecode

/// Paths as a tree, so that a text is walked once for all of them.
struct JSONPathTree {
    private struct Node {
        let kind: Int
        var name: [UInt8]?
        var index = 0
        var child = -1
        var sibling = -1
        var column = -1
        var rows = -1
    }
    private var nodes = [Node(kind: TD_PATH_KEY)]
    /// How many different rows were added.
    private(set) var rows = 0

    /// Adds the rows at a path.
    ///
    /// - Returns: the node below which their values stand, and their number, the same for the same path.
    mutating func addRows(_ path: String) throws(FeedError) -> (node: Int, number: Int) {
        let each = child(of: try walk(path, from: 0), Node(kind: TD_PATH_EACH))
        if nodes[each].rows < 0 {
            nodes[each].rows = rows
            rows += 1
        }
        return (each, nodes[each].rows)
    }

    /// Adds the value at a path below a node, the root being 0.
    mutating func add(_ path: String, below base: Int, column: Int) throws(FeedError) {
        nodes[try walk(path, from: base)].column = column
    }

    private mutating func walk(_ text: String, from base: Int) throws(FeedError) -> Int {
        guard let path = JSONPath(text) else {
            throw FeedError(.settings, "`\(text)` is no path; write `results[0].close` or `'Time Series'.'1. open'`")
        }
        return path.steps.reduce(base) { at, step in
            switch step {
            case .key(let name): child(of: at, Node(kind: TD_PATH_KEY, name: Array(name.utf8)))
            case .index(let index): child(of: at, Node(kind: TD_PATH_INDEX, index: index))
            case .rowName: child(of: at, Node(kind: TD_PATH_ROW_NAME))
            case .rowValue: child(of: at, Node(kind: TD_PATH_ROW_VALUE))
            }
        }
    }

    /// The child that matches the same, or a new one. Rows come first among siblings, where the reader looks for them.
    private mutating func child(of parent: Int, _ node: Node) -> Int {
        var last = -1
        var at = nodes[parent].child
        while at >= 0 {
            if nodes[at].kind == node.kind && nodes[at].index == node.index && nodes[at].name == node.name { return at }
            last = at
            at = nodes[at].sibling
        }
        let number = nodes.count
        nodes.append(node)
        if node.kind == TD_PATH_EACH || last < 0 {
            nodes[number].sibling = nodes[parent].child
            nodes[parent].child = number
        } else {
            nodes[last].sibling = number
        }
        return number
    }

    /// The reader of this tree.
    @unsafe
    func makeTable(_ columns: [td_table_column_kind]) -> OpaquePointer {
        let names = nodes.flatMap { $0.name ?? [] }
        let table = unsafe names.withUnsafeBytes { names in
            var start = 0
            let described = unsafe nodes.map { node in
                defer { start += node.name?.count ?? 0 }
                let name = unsafe names.baseAddress.map { unsafe $0 + start }?.assumingMemoryBound(to: CChar.self)
                return unsafe td_path_node(
                    kind: Int32(node.kind), key: node.name == nil ? nil : name, key_count: node.name?.count ?? 0,
                    index: Int32(node.index), child: Int32(node.child), sibling: Int32(node.sibling),
                    column: Int32(node.column), rows: Int32(node.rows))
            }
            return unsafe td_table_create(described, described.count, columns, columns.count, rows)
        }
        guard let table = unsafe table else { preconditionFailure("no memory for a table") }
        return unsafe table
    }
}
