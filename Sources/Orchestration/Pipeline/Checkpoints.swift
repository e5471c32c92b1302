package import Journaling

/// Where the engine's state is kept with its offset.
///
/// - Threading: one thread at a time.
package protocol Checkpoints: Sendable {
    /// Saves the state that the engine has when every record before `offset` is processed; it is kept when this returns.
    func save(_ state: [UInt8], offset: Offset) throws

    /// From where on the journal is needed, should the newest state turn out damaged; nil where none other would be used.
    func oldestOffset() throws -> Offset?
}

extension CheckpointStore: Checkpoints {}
