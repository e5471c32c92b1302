import Glibc

/// The leak check of Address Sanitizer, in tests that run under it.
public enum LeakCheck {
    private typealias Switch = @convention(c) () -> Void

    /// Runs `body`; memory that this thread allocates in it is not missed afterwards. For libraries that lose memory
    /// where they fail, in a way that a list of suppressions could not tell from our own mistakes.
    public static func excusing<Result>(_ body: () throws -> Result) rethrows -> Result {
        run("__lsan_disable")
        defer { run("__lsan_enable") }
        return try body()
    }

    private static func run(_ name: String) {
        guard let address = dlsym(nil, name) else { return }
        unsafeBitCast(address, to: Switch.self)()
    }
}
