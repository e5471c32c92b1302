internal import Platform
internal import Synchronization

/// Checks the identity tokens of requests against a file of keys, which is read again when it changes.
///
/// - Threading: any thread; reads a file now and then.
public final class TokenVerifier: Sendable {
    private let path: String
    private let requirements: TokenRequirements

    /// What changes when the file does.
    private struct Stamp: Equatable {
        let bytes: Int64
        let changed: Timestamp

        init?(_ path: String) {
            guard let status = try? Folder.status(path) else { return nil }
            (bytes, changed) = status
        }
    }
    private struct State {
        var keys: TokenKeys
        var stamp: Stamp?
        var lookedNs: Int64
    }
    private let state: Mutex<State>
    /// More is read of no file.
    private static let bytesMax: Int64 = 1 << 20
    /// Least time between two looks at the file, in nanoseconds.
    private static let lookNs: Int64 = 1_000_000_000

    /// - Parameter path: a JSON Web Key Set.
    /// - Throws: `TokenError` where it cannot be read or holds no key that can be used.
    public init(keysAt path: String, _ requirements: TokenRequirements) throws(TokenError) {
        self.path = path
        self.requirements = requirements
        let (keys, stamp) = try Self.read(path)
        state = Mutex(State(keys: keys, stamp: stamp, lookedNs: Stopwatch.monotonicNs()))
    }

    /// Checks the `Authorization` field of a request.
    ///
    /// - Throws: `TokenError` where there is no token, or it is refused.
    public func verify(_ headers: HTTPHeaders) throws(TokenError) {
        try verify(headers, nowNs: Timestamp.now().nanoseconds)
    }

    func verify(_ headers: HTTPHeaders, nowNs: Int64) throws(TokenError) {
        guard let text = BearerToken.text(headers) else {
            throw TokenError("a signed identity token is needed, `Authorization: Bearer …`")
        }
        try IdentityToken(text).verify(currentKeys(), requirements, now: Double(nowNs) / 1e9)
    }

    /// The keys of the file as it is now; those known where it cannot be read.
    private func currentKeys() -> TokenKeys {
        state.withLock { state in
            let now = Stopwatch.monotonicNs()
            guard now - state.lookedNs >= Self.lookNs else { return state.keys }
            state.lookedNs = now
            guard Stamp(path) != state.stamp else { return state.keys }
            do throws(TokenError) {
                (state.keys, state.stamp) = try Self.read(path)
            } catch {
                Log.warning("the keys of identity tokens cannot be read; those known stay", ["reason": "\(error)"])
            }
            return state.keys
        }
    }

    private static func read(_ path: String) throws(TokenError) -> (TokenKeys, Stamp?) {
        let stamp = Stamp(path)
        let bytes: [UInt8]
        do throws(FileError) {
            let file = try File(path, .read)
            bytes = try file.read(Int(min(file.size, Self.bytesMax)), at: 0)
        } catch {
            throw TokenError("\(path): \(error.reason)")
        }
        do throws(TokenError) { return (try TokenKeys(json: bytes), stamp) } catch {
            throw TokenError("\(path): \(error)")
        }
    }
}
