extension File {
    /// Makes a small file hold `bytes`: it is there whole and durable when this returns, or as it was before.
    ///
    /// - Throws: what the disk says; the old content stays.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        let draft = path + ".new"
        do {
            let file = try File(draft, .write)
            try file.truncate(to: 0)
            try file.write(bytes, at: 0)
            try file.synchronize()
        }
        try Folder.rename(draft, to: path)
        try Folder.synchronize(path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".")
    }
}
