internal import Platform

extension JournalError {
    /// Acknowledged data is damaged.
    static func corrupt(_ damage: JournalDamage) -> JournalError {
        JournalError(
            .corrupt,
            "journal is damaged: \(damage); `tapedeck journal verify` lists all damage, restore the file from a copy",
            damage: damage)
    }

    static func io(_ error: FileError) -> JournalError { JournalError(.io, "journal: \(error)") }

    static var stopped: JournalError { JournalError(.stopped, "journal is closed") }

    /// Runs a file operation; its failure becomes the journal's.
    static func wrap<Result>(_ body: () throws(FileError) -> Result) throws(JournalError) -> Result {
        do { return try body() } catch { throw .io(error) }
    }
}
