public import Databases
internal import Platform

/// Runs SQL for the interface on threads of its own, so that no answer holds up the server.
///
/// - Threading: any thread submits; each worker has its own connection.
public final class QueryService: Sendable {
    private typealias Job = @Sendable (Connection) -> Void
    private let jobs = BoundedQueue<Job>(capacity: 64)
    private let workers: [NamedThread]

    /// - Throws: where no connection can be opened.
    public init(_ database: Database, workers count: Int = 2) throws(DatabaseError) {
        var connections: [Connection] = []
        for _ in 0..<count { connections.append(try database.connect()) }
        let jobs = jobs
        workers = connections.enumerated().map { index, connection in
            NamedThread("query-\(index)") {
                while let job = jobs.pop() { job(connection) }
            }
        }
    }

    /// Runs `body` on a worker.
    ///
    /// - Returns: false where too many requests wait.
    func submit(_ body: @escaping @Sendable (Connection) -> Void) -> Bool { jobs.tryPush(body) }

    /// Ends the workers after what waits.
    public func stop() {
        jobs.close()
        for worker in workers { worker.join() }
    }
}
