internal import Synchronization

/// A library that is loaded when it is first asked for.
///
/// Threads that come while one loads wait for it, so that there is one; a failure is not kept, the next one tries again.
/// - Threading: any thread.
struct LoadedOnce<Library: Sendable>: ~Copyable, Sendable {
    private let loaded = Mutex<Library?>(nil)

    func get(_ load: () throws(DatabaseError) -> Library) throws(DatabaseError) -> Library {
        try loaded.withLock { loaded throws(DatabaseError) in
            if let loaded { return loaded }
            let library = try load()
            loaded = library
            return library
        }
    }
}
