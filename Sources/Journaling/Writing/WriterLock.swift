internal import Platform

/// The proof that this is the one writer of a journal; held as long as the object lives.
final class WriterLock: Sendable {
    static let name = "journal.lock"
    private let file: File

    /// - Throws: `locked`, naming the process that holds it.
    init(folder: String) throws(JournalError) {
        let path = folder + "/" + Self.name
        let file = try JournalError.wrap { () throws(FileError) in try File(path, .write) }
        let isOurs = try JournalError.wrap { () throws(FileError) in try file.lockExclusively() }
        guard isOurs else {
            throw JournalError(
                .locked,
                "journal \(folder) is being written by process \(Self.owner(file)) (lock \(path)); "
                    + "stop it, or read the journal without writing")
        }
        self.file = file
        try JournalError.wrap { () throws(FileError) in
            try file.truncate(to: 0)
            try file.write(Array("\(currentProcessID())\n".utf8), at: 0)
        }
    }

    private static func owner(_ file: File) -> String {
        let bytes = (try? file.read(32, at: 0)) ?? []
        let text = String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
        return text.isEmpty ? "(unknown)" : text
    }
}
