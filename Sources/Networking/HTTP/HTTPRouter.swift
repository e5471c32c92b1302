/// Finds the handler of a request by method and path, and answers HEAD, OPTIONS, 404 and 405 by itself.
public struct HTTPRouter: Sendable {
    private var routes: [String: [HTTPMethod: HTTPServer.Handler]] = [:]
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

    /// Answers through a handler, or with what went wrong.
    public func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        guard let methods = routes[request.path] else {
            if let response = fileAnswer(to: request) {
                responder.respond(response)
            } else {
                responder.respond(.error(404, code: "not_found", "there is nothing at \(request.path)"))
            }
            return
        }
        let method = request.method == .head ? .get : request.method
        if let handler = methods[request.method] ?? methods[method] { return handler(request, responder) }
        let allow: HTTPHeaders = ["Allow": Self.allowed(methods.keys)]
        if request.method == .options {
            responder.respond(status: 204, headers: allow)
        } else {
            let message = "\(request.method.rawValue) is not possible at \(request.path)"
            responder.respond(.error(405, code: "method", message, headers: allow))
        }
    }

    private func fileAnswer(to request: HTTPRequest) -> HTTPResponse? {
        guard let fallback, let response = fallback(request) else { return nil }
        guard request.method != .get && request.method != .head else { return response }
        let message = "\(request.method.rawValue) is not possible at \(request.path)"
        return .error(405, code: "method", message, headers: ["Allow": "GET, HEAD"])
    }

    private static func allowed(_ methods: some Collection<HTTPMethod>) -> String {
        var names = Set(methods.map(\.rawValue))
        names.insert("OPTIONS")
        if names.contains("GET") { names.insert("HEAD") }
        return names.sorted().joined(separator: ", ")
    }
}
