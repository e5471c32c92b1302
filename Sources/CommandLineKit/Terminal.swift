internal import CPlatform
internal import Glibc

/// Where text for people goes, and what it can show.
public struct Terminal: Sendable {
    /// False where nobody watches: a file, a pipe, a service.
    public let isInteractive: Bool
    /// True where more than ASCII can be shown.
    public let showsUnicode: Bool
    /// Columns, asked anew each time since windows change.
    public let width: @Sendable () -> Int
    /// Writes text as it is.
    public let write: @Sendable (String) -> Void

    public init(
        isInteractive: Bool, showsUnicode: Bool = true, width: @escaping @Sendable () -> Int,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.isInteractive = isInteractive
        self.showsUnicode = showsUnicode
        self.width = width
        self.write = write
    }

    /// Standard output.
    public static let output = Terminal(descriptor: 1)
    /// Standard error.
    public static let error = Terminal(descriptor: 2)

    private init(descriptor: Int32) {
        isInteractive = isatty(descriptor) == 1 && Self.variable("TERM") != "dumb"
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.map { Self.variable($0) }.first { !$0.isEmpty } ?? ""
        showsUnicode = locale.lowercased().contains("utf")
        width = { Int(td_terminal_width(descriptor)) }
        write = { Self.write($0, to: descriptor) }
    }

    /// Writes all of `text` to a descriptor; what cannot be written is lost, as nobody could be told.
    public static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }

    private static func variable(_ name: String) -> String {
        guard let value = unsafe getenv(name) else { return "" }
        return unsafe String(cString: value)
    }
}
