public import Platform

/// Gives each instrument a number, in the order of first appearance.
///
/// The order follows the journal, so the numbers are the same after every replay; they are part of the checkpoint.
/// - Threading: one thread interns; snapshots may be read anywhere.
public final class InstrumentTable: @unchecked Sendable {  // one interning thread, by contract
    private var identifiers: [Instrument: InstrumentID] = [:]
    private var instruments: [Instrument] = []
    /// Venue of each instrument, by number.
    public let venues = StringTable()
    /// Symbol of each instrument, by number.
    public let symbols = StringTable()

    public init() {}

    /// Instruments known.
    public var count: Int { instruments.count }

    /// The instrument's number; a new one where it was not known.
    public func intern(_ instrument: Instrument) -> InstrumentID {
        if let known = identifiers[instrument] { return known }
        let identifier = InstrumentID(instruments.count)
        identifiers[instrument] = identifier
        instruments.append(instrument)
        venues.append(instrument.venue)
        symbols.append(instrument.symbol)
        return identifier
    }

    /// The instrument's number where it is known.
    public func find(_ instrument: Instrument) -> InstrumentID? { identifiers[instrument] }

    /// The instrument of a number that this table gave.
    public subscript(identifier: InstrumentID) -> Instrument { instruments[Int(identifier)] }

    /// Writes the table for a checkpoint.
    public func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(instruments.count))
        for instrument in instruments {
            writer.write(instrument.venue)
            writer.write(instrument.symbol)
        }
    }

    /// Reads what `encode` wrote.
    public convenience init(from reader: inout BinaryReader) throws(BinaryReaderError) {
        self.init()
        for _ in 0..<(try reader.read(UInt32.self)) {
            let venue = try reader.readString()
            _ = intern(Instrument(venue: venue, symbol: try reader.readString()))
        }
    }
}
