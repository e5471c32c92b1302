/// Finds the handler of a request by method and path, and answers HEAD, OPTIONS, 404 and 405 by itself.
public struct HTTPRouter: Sendable {
    private typealias Methods = [HTTPMethod: HTTPServer.Handler]
    private var routes: [String: Methods] = [:]
    /// Routes of whole folders, by their path with the slash at its end.
    private var folders: [(path: String, methods: Methods)] = []
    /// Asked for GET requests that no route has, before they are answered 404: for files.
    public var fallback: (@Sendable (HTTPRequest) -> HTTPResponse?)?

    public init() {}

    /// Adds a route; `path` is exact.
    ///
    /// - Precondition: the route is new.
    public mutating func on(_ method: HTTPMethod, _ path: String, _ handler: @escaping HTTPServer.Handler) {
        let previous = routes[path, default: [:]].updateValue(handler, forKey: method)
        precondition(previous == nil, "two handlers for \(method.rawValue) \(path)")
    }

    /// Adds a route for everything below a folder, unless it has a route of its own.
    ///
    /// - Parameter folder: ends with a slash.
    /// - Precondition: no other folder holds it or lies in it.
    public mutating func on(
        _ method: HTTPMethod, below folder: String, _ handler: @escaping HTTPServer.Handler
    ) {
        precondition(folder.hasSuffix("/"), "\(folder) ends with a slash")
        if let index = folders.firstIndex(where: { $0.path == folder }) {
            let previous = folders[index].methods.updateValue(handler, forKey: method)
            precondition(previous == nil, "two handlers for \(method.rawValue) \(folder)")
        } else {
            precondition(
                !folders.contains { $0.path.hasPrefix(folder) || folder.hasPrefix($0.path) }, "folders do not nest")
            folders.append((folder, [method: handler]))
        }
    }

    /// Answers through a handler, or with what went wrong.
    public func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        guard let methods = routes[request.path] ?? folders.first(where: { request.path.hasPrefix($0.path) })?.methods
        else {
            if let response = fileAnswer(to: request) {
                responder.respond(response)
            } else {
                responder.respond(.error(404, code: "not_found", "there is nothing at \(request.path.prefix(200))"))
            }
            return
        }
        let method = request.method == .head ? .get : request.method
        if let handler = methods[request.method] ?? methods[method] { return handler(request, responder) }
        let allow: HTTPHeaders = ["Allow": Self.allowed(methods.keys)]
        if request.method == .options {
            responder.respond(status: 204, headers: allow)
        } else {
            let message = "\(request.method.rawValue) is not possible at \(request.path.prefix(200))"
            responder.respond(.error(405, code: "method_not_allowed", message, headers: allow))
        }
    }

    private func fileAnswer(to request: HTTPRequest) -> HTTPResponse? {
        guard let fallback, let response = fallback(request) else { return nil }
        guard request.method != .get && request.method != .head else { return response }
        let message = "\(request.method.rawValue) is not possible at \(request.path.prefix(200))"
        return .error(405, code: "method_not_allowed", message, headers: ["Allow": "GET, HEAD"])
    }

    private static func allowed(_ methods: some Collection<HTTPMethod>) -> String {
        var names = Set(methods.map(\.rawValue))
        names.insert("OPTIONS")
        if names.contains("GET") { names.insert("HEAD") }
        return names.sorted().joined(separator: ", ")
    }
}
