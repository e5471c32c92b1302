internal import CDecode
internal import Market

/// The decoders of frames, by the name in the settings of a session.
public enum FrameDecoders {
    /// Finnhub trades. `AAPL` is (`venue`, AAPL), `BINANCE:BTCUSDT` is (BINANCE, BTCUSDT).
    public static func finnhub(_ context: DecoderContext, venue: String = "US") -> any FeedDecoder {
        finnhub(context, venue: venue, knowsFixedForm: true)
    }

    /// - Parameter knowsFixedForm: false reads frames in the venue's own form like any other, for comparison.
    package static func finnhub(
        _ context: DecoderContext, venue: String = "US", knowsFixedForm: Bool
    ) -> any FeedDecoder {
        unsafe JSONFrameDecoder(context, knowsFixedForm: knowsFixedForm, decode: td_decode_finnhub) {
            Self.instrument($0, venue: venue)
        }
    }

    /// Binance market streams: trades, aggregate trades and book tickers of one venue.
    public static func binance(_ context: DecoderContext, venue: String = "BINANCE") -> any FeedDecoder {
        binance(context, venue: venue, knowsFixedForm: true)
    }

    /// - Parameter knowsFixedForm: false reads frames in the venue's own form like any other, for comparison.
    package static func binance(
        _ context: DecoderContext, venue: String = "BINANCE", knowsFixedForm: Bool
    ) -> any FeedDecoder {
        unsafe JSONFrameDecoder(context, knowsFixedForm: knowsFixedForm, decode: td_decode_binance) {
            Instrument(venue: venue, symbol: $0)
        }
    }

    /// Coinbase Exchange: matches and tickers.
    public static func coinbase(_ context: DecoderContext, venue: String = "COINBASE") -> any FeedDecoder {
        coinbase(context, venue: venue, knowsFixedForm: true)
    }

    /// - Parameter knowsFixedForm: false reads frames in the venue's own form like any other, for comparison.
    package static func coinbase(
        _ context: DecoderContext, venue: String = "COINBASE", knowsFixedForm: Bool
    ) -> any FeedDecoder {
        unsafe JSONFrameDecoder(context, knowsFixedForm: knowsFixedForm, decode: td_decode_coinbase) {
            Instrument(venue: venue, symbol: $0)
        }
    }

    /// Kraken spot: trades and tickers of WebSocket v2 and v1.
    public static func kraken(_ context: DecoderContext, venue: String = "KRAKEN") -> any FeedDecoder {
        kraken(context, venue: venue, knowsFixedForm: true)
    }

    /// - Parameter knowsFixedForm: false reads frames in the venue's own form like any other, for comparison.
    package static func kraken(
        _ context: DecoderContext, venue: String = "KRAKEN", knowsFixedForm: Bool
    ) -> any FeedDecoder {
        unsafe JSONFrameDecoder(context, knowsFixedForm: knowsFixedForm, decode: td_decode_kraken) {
            Instrument(venue: venue, symbol: $0)
        }
    }

    /// Frames of the market simulator.
    public static func simulator(_ context: DecoderContext) -> any FeedDecoder {
        simulator(context, knowsFixedForm: true)
    }

    /// - Parameter knowsFixedForm: false reads frames in the simulator's own form like any other, for comparison.
    package static func simulator(_ context: DecoderContext, knowsFixedForm: Bool) -> any FeedDecoder {
        unsafe JSONFrameDecoder(context, knowsFixedForm: knowsFixedForm, decode: td_decode_simulator) {
            Self.instrument($0, venue: "")
        }
    }

    /// `VENUE:SYMBOL`, or a symbol of `venue`.
    private static func instrument(_ text: String, venue: String) -> Instrument {
        text.contains(":") ? Instrument(text) : Instrument(venue: venue, symbol: text)
    }
}

extension FrameDecoders {
    /// Lines of text by a mapping whose columns have positions.
    ///
    /// - Throws: `FeedError` where the mapping lacks something.
    public static func csv(_ context: DecoderContext, _ mapping: CSVMapping) throws(FeedError) -> any FeedDecoder {
        try CSVDecoder(context, mapping)
    }

    /// The decoder of a session, from the settings in its `begin` record alone.
    ///
    /// - Throws: `FeedError` where the settings name no decoder or one cannot be made of them.
    public static func make(_ context: DecoderContext, settings text: String) throws(FeedError) -> any FeedDecoder {
        let settings = try SessionSettings(text: text)
        switch settings.decoder {
        case "finnhub": return finnhub(context, venue: settings.values["venue"] ?? "US")
        case "binance": return binance(context, venue: settings.values["venue"] ?? "BINANCE")
        case "coinbase": return coinbase(context, venue: settings.values["venue"] ?? "COINBASE")
        case "kraken": return kraken(context, venue: settings.values["venue"] ?? "KRAKEN")
        case "simulator": return simulator(context)
        case "csv": return try csv(context, try CSVMapping(values: settings.values))
        case "dukascopy": return try DukascopyDecoder(context, values: settings.values)
        default:
            throw FeedError(
                .settings,
                "unknown decoder `\(settings.decoder)`; known are binance, coinbase, csv, dukascopy, finnhub, kraken, "
                    + "simulator")
        }
    }
}
