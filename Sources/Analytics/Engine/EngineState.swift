internal import Platform

/// Why a checkpoint cannot be continued. The journal still holds everything: build the state anew from it.
public struct EngineStateError: Error, Sendable, CustomStringConvertible {
    /// What kind of reason.
    public enum Code: Sendable, Equatable {
        /// The bytes are not what was written.
        case damaged
        /// Another version of the program wrote them.
        case otherVersion
        /// They belong to another configuration.
        case otherConfiguration
    }
    public let code: Code
    /// The reason in words.
    public let message: String

    public var description: String { "engine checkpoint: \(message); build the state anew from the journal" }

    static func damaged(at position: Int, _ message: String) -> EngineStateError {
        EngineStateError(code: .damaged, message: "damaged at byte \(position): \(message)")
    }
}

/// The format of the engine's checkpoints.
///
/// | part | content |
/// |---|---|
/// | header | `TDEN`, version (16 bits), the configuration's fingerprint |
/// | trades | per instrument: ranges of trade numbers, counts, event times at both ends |
/// | quotes | per instrument: feed, session, spans, exact update numbers |
/// | records | per table of records but those of the program: identities seen, statements with their revisions |
/// | vendor bars | per series: starts, digests, revisions |
/// | coverage | per feed: connections, lag; holes and fillings not told yet; silences: latest events, habits |
/// | feeds | per feed number: presence; watermark, session, counters, delivery keys, positions, lanes, series, open bars |
enum EngineState {
    private static let mark: UInt32 = 0x4e45_4454
    private static let version: UInt16 = 6

    static func writeHeader(_ configuration: EngineConfiguration, into writer: inout BinaryWriter) {
        writer.write(mark)
        writer.write(version)
        writer.write(configuration.fingerprint)
    }

    static func readHeader(
        _ configuration: EngineConfiguration, from reader: inout BinaryReader
    ) throws(EngineStateError) {
        guard try reader.value(UInt32.self) == mark else { throw .damaged(at: 0, "not a checkpoint of the engine") }
        let written = try reader.value(UInt16.self)
        guard written == version else {
            throw EngineStateError(
                code: .otherVersion, message: "version \(written), this program writes \(version)")
        }
        let fingerprint = try reader.text()
        guard fingerprint == configuration.fingerprint else {
            throw EngineStateError(
                code: .otherConfiguration,
                message: "made with \(fingerprint); configured now: \(configuration.fingerprint)")
        }
    }
}

extension BinaryReader {
    mutating func value<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(EngineStateError) -> T {
        do { return try read(type) } catch { throw .damaged(at: error.position, error.description) }
    }
    mutating func double() throws(EngineStateError) -> Double { Double(bitPattern: try value(UInt64.self)) }
    mutating func flag() throws(EngineStateError) -> Bool { try value(UInt8.self) != 0 }
    mutating func text() throws(EngineStateError) -> String {
        do { return try readString() } catch { throw .damaged(at: error.position, error.description) }
    }
    mutating func byteList() throws(EngineStateError) -> [UInt8] {
        do { return try readBytes() } catch { throw .damaged(at: error.position, error.description) }
    }
}
