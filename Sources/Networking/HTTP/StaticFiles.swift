internal import CPlatform
internal import Foundation

/// A folder of files, read once and served from memory: nothing outside it can be asked for.
public struct StaticFiles: Sendable {
    private struct File: Sendable {
        let bytes: [UInt8]
        let type: String
        let tag: String
    }
    private var files: [String: File] = [:]
    private let headers: HTTPHeaders

    /// Reads every file below `folder`; `index.html` also answers for its folder.
    ///
    /// - Parameters:
    ///   - prefix: path ahead of the files' own, for example `/assets`.
    ///   - headers: fields that every answer carries besides its own, for example a security policy.
    /// - Throws: `NetworkError` where the folder or a file cannot be read.
    public init(folder: String, prefix: String = "", headers: HTTPHeaders = [:]) throws(NetworkError) {
        self.headers = headers
        // The enumerator of a missing folder is merely empty.
        guard (try? FileManager.default.contentsOfDirectory(atPath: folder)) != nil,
            let paths = FileManager.default.enumerator(atPath: folder)
        else { throw NetworkError(.configuration, "cannot read the folder", operation: folder) }
        for case let path as String in paths {
            let place = folder + "/" + path
            var isFolder: ObjCBool = false
            let exists = unsafe FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
            guard exists && !isFolder.boolValue else { continue }
            try add(file: place, at: prefix + "/" + path)
        }
    }

    /// Adds one file from elsewhere.
    ///
    /// - Throws: `NetworkError` where it cannot be read.
    public mutating func add(file: String, at path: String) throws(NetworkError) {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw NetworkError(.configuration, "cannot read the file", operation: file)
        }
        let bytes = [UInt8](data)
        let checksum = unsafe bytes.withUnsafeBytes { unsafe td_crc32c(0, $0.baseAddress, $0.count) }
        let entry = File(
            bytes: bytes, type: Self.mediaType(of: path),
            tag: "\"\(String(checksum, radix: 16))-\(String(bytes.count, radix: 16))\"")
        files[path] = entry
        if path.hasSuffix("/index.html") { files[String(path.dropLast("index.html".count))] = entry }
    }

    /// Paths served, sorted.
    public var paths: [String] { files.keys.sorted() }

    /// The file at the request's path, or 304 where the client has it; nil where there is none.
    public func response(to request: HTTPRequest) -> HTTPResponse? {
        guard let file = files[request.path] else { return nil }
        // "no-cache": keep it, but ask whether it changed.
        var headers: HTTPHeaders = ["Content-Type": file.type, "ETag": file.tag, "Cache-Control": "no-cache"]
        for field in self.headers.fields { headers.add(field.name, field.value) }
        if request.headers.list("If-None-Match", contains: file.tag) || request.headers["If-None-Match"] == "*" {
            return HTTPResponse(status: 304, headers: headers)
        }
        return HTTPResponse(status: 200, headers: headers, body: file.bytes)
    }

    private static func mediaType(of path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "json", "map": "application/json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        case "txt", "md": "text/plain; charset=utf-8"
        default: "application/octet-stream"
        }
    }
}
