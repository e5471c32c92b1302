internal import Networking
internal import Platform

/// A request that waits for its turn.
struct PushJob: Sendable {
    let request: HTTPRequest
    let kind: PushKind
    let responder: HTTPResponder
}

/// Requests between the server's thread and the feed's: bounded in number and bytes, first in, first out.
///
/// - Threading: any thread offers, one takes.
final class PushQueue: @unchecked Sendable {  // `lock` guards every variable
    private let lock = Lock()
    private let offered: Condition
    private let requestsMax: Int
    private let bytesMax: Int
    private var jobs: [PushJob] = []
    private var first = 0
    private var bytes = 0
    private var isOpen = false

    init(requests: Int, bytes: Int) {
        requestsMax = requests
        bytesMax = bytes
        offered = Condition(lock)
    }

    /// What became of an offer.
    enum Outcome {
        case taken
        case full
        case closed
    }

    func open() { lock.withLock { isOpen = true } }

    /// Puts a job behind the others. A body of any size has room where nothing else waits.
    func offer(_ job: PushJob) -> Outcome {
        lock.withLock {
            guard isOpen else { return .closed }
            let waiting = jobs.count - first
            guard waiting < requestsMax, waiting == 0 || bytes + job.request.body.count <= bytesMax else {
                return .full
            }
            jobs.append(job)
            bytes += job.request.body.count
            offered.signal()
            return .taken
        }
    }

    /// Takes the oldest job; nil where none came in time.
    func take(timeoutNs: Int64) -> PushJob? {
        lock.withLock {
            let deadlineNs = Stopwatch.monotonicNs() + timeoutNs
            while first == jobs.count {
                guard isOpen, offered.wait(untilNs: deadlineNs) else { return nil }
            }
            let job = jobs[first]
            first += 1
            bytes -= job.request.body.count
            if first == jobs.count || first >= 64 {
                jobs.removeFirst(first)
                first = 0
            }
            return job
        }
    }

    /// Takes no more jobs; gives those that wait.
    func close() -> [PushJob] {
        lock.withLock {
            isOpen = false
            defer { (jobs, first, bytes) = ([], 0, 0) }
            return Array(jobs[first...])
        }
    }
}
