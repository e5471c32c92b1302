internal import Foundation
internal import Platform

/// The number under which a journal's records are in the topic: drawn once, and kept beside the journal, so that readers
/// know what they have seen of it.
enum ProducerNumber {
    private static let file = "producer"

    /// The number of the journal in a folder.
    ///
    /// - Throws: where the file that holds it is damaged, or cannot be written.
    static func of(journal folder: String) throws -> UInt64 {
        let path = folder + "/" + file
        if let kept = FileManager.default.contents(atPath: path) {
            let text = String(decoding: kept, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard let number = UInt64(text, radix: 16), number != 0 else {
                throw PipelineError(
                    "\(path) does not hold the journal's number. Restore it from a copy; a new number delivers everything "
                        + "again that the journal holds")
            }
            return number
        }
        let number = UInt64.random(in: 1...UInt64.max)
        // Records are sent only once nothing can make the journal forget its number.
        let unfinished = path + ".unfinished"
        let made = try File(unfinished, .write)
        try made.truncate(to: 0)
        try unsafe Array((text(number) + "\n").utf8).withUnsafeBytes { unsafe try made.write($0, at: 0) }
        try made.synchronize()
        try Folder.rename(unfinished, to: path)
        try Folder.synchronize(folder)
        return number
    }

    /// Sixteen hexadecimal digits.
    static func text(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
