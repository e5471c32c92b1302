public import Platform

/// What is registered: the components that a configuration can name.
public struct ComponentSpecs: Sendable {
    public let feeds: [Spec]
    public let sinks: [Spec]
    public let indicators: [Spec]
    public let jobs: [Spec]

    public init(feeds: [Spec], sinks: [Spec], indicators: [Spec], jobs: [Spec]) {
        self.feeds = feeds
        self.sinks = sinks
        self.indicators = indicators
        self.jobs = jobs
    }

    /// The components of one kind.
    public subscript(kind: ComponentKind) -> [Spec] {
        switch kind {
        case .feed: feeds
        case .sink: sinks
        case .indicator: indicators
        case .job: jobs
        }
    }
}

/// What a component is for; the raw value is the word for one of them.
public enum ComponentKind: String, Sendable, CaseIterable {
    case feed, sink, indicator, job
}

/// A component that a configuration asks for.
public struct ConfiguredComponent: Sendable {
    /// Unique among its kind. It names the component in the journal, tables, metrics and logs.
    public let name: String
    /// What kind of feed, sink, indicator or job it is, and with which values.
    public let options: Options

    public init(name: String, options: Options) {
        self.name = name
        self.options = options
    }

    /// The registered name, for example `finnhub`.
    public var kind: String { options.spec.name }

    /// True for what can stand in metrics, file names and tables without being quoted.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
                default: false
                }
            }
    }
}
