public import Platform

/// The feeds that a pipeline can use: one line each, in alphabetical order.
public enum FeedRegistry {
    public static let all: [any Feed.Type] = [
        FinnhubFeed.self,
        SimulatorFeed.self,
    ]

    /// The feed that options were read for.
    ///
    /// - Throws: `ConfigError` where a value is of no use.
    public static func make(_ options: Options) throws(ConfigError) -> any Feed {
        guard let type = all.first(where: { $0.spec.name == options.spec.name }) else {
            preconditionFailure("feed \(options.spec.name) is not registered")
        }
        return try type.init(options)
    }

    /// The decoder of a session, from the settings in its `begin` record alone.
    ///
    /// - Throws: `FeedError` where the settings name no decoder or one cannot be made of them.
    public static func makeDecoder(settings: String, context: DecoderContext) throws(FeedError) -> any FeedDecoder {
        try FrameDecoders.make(context, settings: settings)
    }
}
