internal import CDecode
internal import Market

/// The tables that clients can send rows of.
public enum RowTable: String, Sendable, CaseIterable {
    case trades
    case quotes
    case transactions
}

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

    /// Messages of the MetaTrader 5 bridge.
    public static func mt5(_ context: DecoderContext, venue: String = "MT5") -> any FeedDecoder {
        mt5(context, venue: venue, knowsFixedForm: true)
    }

    /// - Parameter knowsFixedForm: false reads frames in the bridge's own form like any other, for comparison.
    package static func mt5(_ context: DecoderContext, venue: String = "MT5", knowsFixedForm: Bool) -> any FeedDecoder {
        let ticks = unsafe JSONFrameDecoder(context, knowsFixedForm: knowsFixedForm, decode: td_decode_mt5) {
            Instrument(venue: venue, symbol: $0)
        }
        return MT5Decoder(context, ticks: ticks)
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
    /// Rows as clients write them: JSON objects, one per line or in a list, with the names of the table's columns.
    ///
    /// - Parameter venue: of instruments that do not name one.
    public static func rows(_ table: RowTable, _ context: DecoderContext, venue: String = "") -> any FeedDecoder {
        rows(table, context, venue: venue, knowsFixedForm: true)
    }

    /// - Parameter knowsFixedForm: false reads rows in our own form like any other, for comparison.
    package static func rows(
        _ table: RowTable, _ context: DecoderContext, venue: String = "", knowsFixedForm: Bool
    ) -> any FeedDecoder {
        switch table {
        case .trades:
            unsafe JSONFrameDecoder(context, knowsFixedForm: knowsFixedForm, decode: td_decode_trade_rows) {
                Self.instrument($0, venue: venue)
            }
        case .quotes:
            unsafe JSONFrameDecoder(context, knowsFixedForm: knowsFixedForm, decode: td_decode_quote_rows) {
                Self.instrument($0, venue: venue)
            }
        case .transactions:
            unsafe JSONFrameDecoder(
                context, knowsFixedForm: knowsFixedForm, decode: td_decode_transaction_rows,
                records: RecordColumns(td_transaction_fields, of: \.transactions))
        }
    }

    /// Lines of text by a mapping whose columns have positions.
    ///
    /// - Throws: `FeedError` where the mapping lacks something.
    public static func csv(_ context: DecoderContext, _ mapping: CSVMapping) throws(FeedError) -> any FeedDecoder {
        mapping.kind == .bars ? try CSVBarDecoder(context, mapping) : try CSVDecoder(context, mapping)
    }

    private typealias Maker =
        @Sendable (_ context: DecoderContext, _ values: [String: String]) throws(FeedError) -> any FeedDecoder

    /// Every decoder that settings can name, in alphabetical order.
    private static let makers: [(name: String, make: Maker)] = [
        ("binance", { context, values in binance(context, venue: values["venue"] ?? "BINANCE") }),
        ("coinbase", { context, values in coinbase(context, venue: values["venue"] ?? "COINBASE") }),
        (
            "consumed",
            { context, values throws(FeedError) in
                let format = PushFormat(values["format"] ?? "").settings(venue: values["venue"])
                return try ConsumerDecoder(
                    context, inner: try make(context, settings: format.text), positions: values["positions"] ?? "")
            }
        ),
        ("csv", { context, values throws(FeedError) in try csv(context, try CSVMapping(values: values)) }),
        (DiagnosticsFrame.decoder, { context, _ in DiagnosticsDecoder(context) }),
        ("dukascopy", { context, values throws(FeedError) in try DukascopyDecoder(context, values: values) }),
        ("finnhub", { context, values in finnhub(context, venue: values["venue"] ?? "US") }),
        ("kraken", { context, values in kraken(context, venue: values["venue"] ?? "KRAKEN") }),
        ("lean-factors", { context, values throws(FeedError) in try LeanFactorDecoder(context, values: values) }),
        ("lean-tickers", { context, values throws(FeedError) in try LeanTickerDecoder(context, values: values) }),
        ("mt5", { context, values in mt5(context, venue: values["venue"] ?? "MT5") }),
        (
            "push",
            { context, values throws(FeedError) in
                let format = PushFormat(values["format"] ?? "").settings(venue: values["venue"])
                return PushDecoder(context, inner: try make(context, settings: format.text))
            }
        ),
        (
            "rest",
            { context, values throws(FeedError) in try AnswerDecoder(context, try RESTVendor.mappings(values)) }
        ),
        (
            "rows",
            { context, values throws(FeedError) in
                guard let table = RowTable(rawValue: values["table"] ?? "") else {
                    throw FeedError(.settings, "no rows of the table `\(values["table"] ?? "")` can be read")
                }
                return rows(table, context, venue: values["venue"] ?? "")
            }
        ),
        ("simulator", { context, _ in simulator(context) }),
    ]

    /// The decoder of a session, from the settings in its `begin` record alone.
    ///
    /// - Throws: `FeedError` where the settings name no decoder or one cannot be made of them.
    public static func make(_ context: DecoderContext, settings text: String) throws(FeedError) -> any FeedDecoder {
        let settings = try SessionSettings(text: text)
        guard let maker = makers.first(where: { $0.name == settings.decoder }) else {
            let names = makers.map(\.name).joined(separator: ", ")
            throw FeedError(.settings, "unknown decoder `\(settings.decoder)`; known are \(names)")
        }
        return try maker.make(context, settings.values)
    }
}
