public import Platform

/// Every feed that a pipeline can name, in alphabetical order.
public enum FeedRegistry {
    public static let all: [any Feed.Type] = [
        AlphaVantageFeed.self,
        BinanceFeed.self,
        CoinbaseFeed.self,
        FinnhubFeed.self,
        FinnhubQuotesFeed.self,
        KafkaFeed.self,
        KinesisFeed.self,
        KrakenFeed.self,
        MT5Feed.self,
        PubSubFeed.self,
        PushFeed.self,
        ReplayFeed.self,
        RESTFeed.self,
        SimulatorFeed.self,
        StooqFeed.self,
        TiingoFeed.self,
        TransactionsFeed.self,
        YahooFeed.self,
    ]

    /// The feed that the options are for.
    ///
    /// - Throws: `ConfigError` where an option's value is of no use.
    /// - Precondition: the options' spec is that of a registered feed.
    public static func make(_ options: Options) throws(ConfigError) -> any Feed {
        guard let type = all.first(where: { $0.spec.name == options.spec.name }) else {
            preconditionFailure("no feed \(options.spec.name)")
        }
        return try type.init(options)
    }

    /// The decoder of a session, from the settings in its `begin` record alone.
    ///
    /// - Throws: `FeedError` where the settings name no decoder or one cannot be made of them.
    public static func makeDecoder(
        settings: String, context: DecoderContext
    ) throws(FeedError) -> any FeedDecoder {
        try FrameDecoders.make(context, settings: settings)
    }
}
