import Foundation
import Networking
import TestKit
import Testing

@Suite struct StaticFilesTests {
    private func makeFiles() throws -> StaticFiles {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "js"), withIntermediateDirectories: true)
        try Data("<p>".utf8).write(to: folder.url.appending(path: "index.html"))
        try Data("let a".utf8).write(to: folder.url.appending(path: "js/app.js"))
        return try StaticFiles(folder: folder.path)
    }

    private func get(_ path: String, _ headers: HTTPHeaders = [:]) -> HTTPRequest {
        HTTPRequest(method: .get, path: path, headers: headers)
    }

    @Test func `files are served with their type, and the index for its folder`() throws {
        let files = try makeFiles()
        #expect(files.paths == ["/", "/index.html", "/js/app.js"])
        let page = try #require(files.response(to: get("/")))
        #expect(page.status == 200 && page.body == Array("<p>".utf8))
        #expect(page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(files.response(to: get("/js/app.js"))?.headers["Content-Type"] == "text/javascript; charset=utf-8")
    }

    @Test func `a file that the client has is not sent again`() throws {
        let files = try makeFiles()
        let tag = try #require(files.response(to: get("/"))?.headers["ETag"])
        #expect(files.response(to: get("/", ["If-None-Match": "\"x\", \(tag)"]))?.status == 304)
        #expect(files.response(to: get("/", ["If-None-Match": "\"x\""]))?.status == 200)
        #expect(files.response(to: get("/js/app.js"))?.headers["ETag"] != tag)
    }

    @Test(arguments: ["/js", "/js/../index.html", "/../secret", "//index.html", "/etc/passwd", ""])
    func `nothing else can be reached`(_ path: String) throws {
        #expect(try makeFiles().response(to: get(path)) == nil)
    }

    @Test func `a router answers files behind its routes, and refuses to change them`() throws {
        let files = try makeFiles()
        var router = HTTPRouter()
        router.on(.get, "/api") { _, responder in responder.respond(.text("api")) }
        router.fallback = { files.response(to: $0) }
        var options = HTTPServer.Options()
        options.port = 0
        let routes = router
        let server = try HTTPServer(options: options) { routes.handle($0, $1) }
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        #expect(try peer.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").body == "<p>")
        #expect(try peer.ask("GET /api HTTP/1.1\r\nHost: localhost\r\n\r\n").body == "api")
        #expect(try peer.ask("GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n").head.hasPrefix("HTTP/1.1 404"))
        let post = try peer.ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        #expect(post.head.hasPrefix("HTTP/1.1 405") && post.head.contains("Allow: GET, HEAD\r\n"))
    }

    @Test func `a folder that does not exist is an error`() {
        #expect(throws: NetworkError.self) { try StaticFiles(folder: "/nowhere/at/all") }
    }
}
