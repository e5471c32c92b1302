internal import Foundation
internal import Networking
internal import Platform

/// The dashboard's files and the chart library, read once.
struct Assets: Sendable {
    private let files: [String: HTTPResponse]

    /// - Parameter chartLibrary: path of the chart script; without it the dashboard says that charts are missing.
    init(chartLibrary: String?) throws {
        var files: [String: HTTPResponse] = [:]
        guard let root = Bundle.module.resourceURL?.appending(path: "Dashboard") else {
            throw RequestFailure(status: 500, code: "assets", message: "the dashboard's files are missing")
        }
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.path)
        for name in names {
            guard let type = Self.type(of: name) else { continue }
            files["/" + name] = Self.response(try Data(contentsOf: root.appending(path: name)), type)
        }
        files["/"] = files["/index.html"]
        if let chartLibrary {
            let script = try Data(contentsOf: URL(filePath: chartLibrary))
            files["/vendor/lightweight-charts.js"] = Self.response(script, "text/javascript; charset=utf-8")
        }
        let description = Bundle.module.resourceURL?.appending(path: "Description/openapi.json")
        if let description {
            files["/api/v1/openapi.json"] = Self.response(try Data(contentsOf: description), "application/json")
        }
        self.files = files
    }

    /// The file of a path, or 304 where the client has it already.
    func response(_ request: HTTPRequest) -> HTTPResponse? {
        guard let file = files[request.path] else { return nil }
        if let known = request.headers["If-None-Match"], known == file.headers["ETag"] {
            return HTTPResponse(status: 304, headers: ["ETag": known])
        }
        return file
    }

    private static func type(of name: String) -> String? {
        guard name.contains(".") else { return nil }  // a folder
        return switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "json", "webmanifest": "application/json"
        default: nil
        }
    }

    private static func response(_ data: Data, _ type: String) -> HTTPResponse {
        let bytes = [UInt8](data)
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a, 64 bits
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return HTTPResponse(
            status: 200,
            headers: [
                "Content-Type": type, "ETag": "\"\(String(hash, radix: 16))\"", "Cache-Control": "no-cache",
                "Content-Security-Policy":
                    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'",
            ], body: bytes)
    }
}
