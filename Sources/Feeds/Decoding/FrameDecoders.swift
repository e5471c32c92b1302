internal import CDecode
internal import Market

/// The decoders of frames, by the name in the settings of a session.
public enum FrameDecoders {
    /// Finnhub trades. `AAPL` is (`venue`, AAPL), `BINANCE:BTCUSDT` is (BINANCE, BTCUSDT).
    public static func finnhub(_ context: DecoderContext, venue: String = "US") -> any FeedDecoder {
        unsafe JSONFrameDecoder(context, decode: td_decode_finnhub) { Self.instrument($0, venue: venue) }
    }

    /// Binance market streams: trades, aggregate trades and book tickers of one venue.
    public static func binance(_ context: DecoderContext, venue: String = "BINANCE") -> any FeedDecoder {
        unsafe JSONFrameDecoder(context, decode: td_decode_binance) { Instrument(venue: venue, symbol: $0) }
    }

    /// Frames of the market simulator.
    public static func simulator(_ context: DecoderContext) -> any FeedDecoder {
        unsafe JSONFrameDecoder(context, decode: td_decode_simulator) { Self.instrument($0, venue: "") }
    }

    /// `VENUE:SYMBOL`, or a symbol of `venue`.
    private static func instrument(_ text: String, venue: String) -> Instrument {
        text.contains(":") ? Instrument(text) : Instrument(venue: venue, symbol: text)
    }
}
