internal import Foundation
internal import Networking
public import Platform
internal import Serving
internal import Synchronization

/// A process that works on partitions of a pipeline's topic, as many as its group gives it.
///
/// - Threading: one owner starts and stops it; `status` from any thread.
public final class Worker: Sendable {
    public let configuration: PipelineConfiguration
    public let metrics = Metrics()
    let loop: WorkerLoop
    let topic: JournalTopic
    let startedNs = Timestamp.now().nanoseconds
    private let thread = Mutex<NamedThread?>(nil)
    private let server = Mutex<ProcessServer?>(nil)
    private let lock: File

    /// Checks what it needs; connects to nothing.
    ///
    /// - Throws: what is wrong, in words for the user.
    public convenience init(_ configuration: PipelineConfiguration) throws {
        try self.init(WorkerSettings(configuration))
    }

    init(_ settings: WorkerSettings) throws {
        configuration = settings.configuration
        topic = settings.topic
        let folder = configuration.partitionsFolder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        lock = try File(folder + "/worker.lock", .write)
        guard try lock.lockExclusively() else {
            throw PipelineError("another worker uses the folder \(configuration.dataFolder): give each one of its own")
        }
        loop = WorkerLoop(settings)
        registerMetrics()
    }

    /// Joins the group.
    public func start() { thread.withLock { $0 = NamedThread("worker") { [loop] in loop.run() } } }

    /// Stores what was taken, gives the partitions back and leaves the group.
    public func stop() {
        loop.stop()
        thread.withLock { $0 }?.join()
        server.withLock { $0 }?.stop()
        ServerAddress.remove(from: configuration.dataFolder)
    }

    /// Opens the interface: health, status and metrics. Queries go to the lake.
    ///
    /// - Returns: the address for people.
    public func serve() throws -> String {
        let opened = try ProcessServer(
            options: Pipeline.serverOptions(configuration), metrics: metrics,
            status: { [weak self] in self?.status ?? Status() })
        server.withLock { $0 = opened }
        try ServerAddress.save(opened.url, in: configuration.dataFolder)
        return opened.url
    }
}
