public import Market

/// Where the rows of engine steps go: a lake, a database, a bus.
///
/// A sink keeps its progress in its target, in the same atomic write as the rows. After a restart the engine replays
/// from an earlier offset and the sink drops what its target already has, so that a repeat changes nothing.
/// - Threading: `append` from one thread; `flush` from that or one other thread.
public protocol Sink: AnyObject, Sendable {
    /// What the sink throws; its disposition tells the runner what to do.
    associatedtype Failure: Error

    /// The journal offset up to which appended rows can be seen, itself included; -1 where there are none.
    var visibleOffset: Int64 { get }

    /// The journal offset up to which the target durably holds a table's rows, itself included; -1 where it holds none.
    func committedOffset(_ table: String) -> Int64

    /// Takes all rows of one engine step: either all of them become visible or none.
    ///
    /// - Parameter offset: the last journal offset that the step covers.
    func append(_ batches: [any ColumnarBatch], _ dictionaries: BatchDictionaries, upTo offset: Int64) throws(Failure)
}
