internal import Foundation
internal import Networking

/// The dashboard's files, the chart library and the description of the interface, read once.
struct Assets: Sendable {
    private let files: StaticFiles

    private static let securityPolicy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"

    /// - Parameter chartLibrary: path of the chart script; without it the dashboard says that charts are missing.
    /// - Throws: `NetworkError` naming the file or folder that cannot be read.
    init(chartLibrary: String?) throws(NetworkError) {
        let resources = Bundle.module.resourceURL?.path ?? Bundle.module.bundlePath
        var files = try StaticFiles(
            folder: resources + "/Dashboard", headers: ["Content-Security-Policy": Self.securityPolicy])
        if let chartLibrary { try files.add(file: chartLibrary, at: "/vendor/lightweight-charts.js") }
        try files.add(file: resources + "/Description/openapi.json", at: "/api/v1/openapi.json")
        self.files = files
    }

    /// The file of a path, or 304 where the client has it already.
    func response(_ request: HTTPRequest) -> HTTPResponse? { files.response(to: request) }
}
