internal import Foundation

/// Replaces `${NAME}` by an environment variable and `${file:path}` by the content of a file, so that secrets
/// need not stand in a configuration.
///
/// A relative path starts at the working directory, as all paths of a configuration do. One line end behind the
/// content of a file is dropped. `$${` stands for `${` itself.
public struct References: Sendable {
    private let variable: @Sendable (String) -> String?
    private let file: @Sendable (String) -> String?

    /// Looks values up with two functions that return nil for what is absent.
    public init(
        variable: @escaping @Sendable (String) -> String?, file: @escaping @Sendable (String) -> String?
    ) {
        self.variable = variable
        self.file = file
    }

    /// The environment of this process and the files it can read (UTF-8, at most 1 MiB).
    public static let process = References(
        variable: { ProcessInfo.processInfo.environment[$0] },
        file: { path in
            guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
            defer { try? handle.close() }
            guard let data = try? handle.read(upToCount: 1 << 20) else { return nil }
            return String(data: data, encoding: .utf8)
        })

    /// Why a reference cannot be replaced; never holds a value.
    struct Failure: Error {
        let message: String
        let suggestion: String?
    }

    /// `text` with every reference replaced.
    func resolve(_ text: String) throws(Failure) -> String {
        guard text.contains("${") else { return text }
        var result = ""
        var rest = Substring(text)
        while let start = rest.range(of: "${") {
            let before = rest[..<start.lowerBound]
            if before.last == "$" {
                result += before.dropLast() + "${"
                rest = rest[start.upperBound...]
                continue
            }
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw Failure(
                    message: "`${` has no closing `}`", suggestion: "write `$${` for the characters themselves")
            }
            result += before
            result += try value(of: String(rest[start.upperBound..<end]))
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private func value(of name: String) throws(Failure) -> String {
        if name.hasPrefix("file:") {
            let path = String(name.dropFirst(5))
            guard var content = file(path) else {
                throw Failure(
                    message: "file `\(path)` cannot be read", suggestion: "create it, or check its name and permissions"
                )
            }
            if content.hasSuffix("\r\n") || content.hasSuffix("\n") { content.removeLast() }
            return content
        }
        let isName = name.utf8.allSatisfy {
            $0 == UInt8(ascii: "_") || Character(Unicode.Scalar($0)).isLetter
                || Character(Unicode.Scalar($0)).isNumber
        }
        guard isName, let first = name.first, !first.isNumber else {
            throw Failure(
                message: "`${\(name)}` is not the name of an environment variable",
                suggestion: "write `${NAME}` or `${file:path}`")
        }
        guard let value = variable(name) else {
            throw Failure(
                message: "environment variable `\(name)` is not set", suggestion: "set it, or write `${file:path}`")
        }
        return value
    }
}
