import Foundation
import Networking
import TestKit

extension AnsweringServer.Asked {
    /// The action of a cloud service: what stands behind the last colon of the path, or behind the point of `X-Amz-Target`.
    var action: String {
        String(self.headers["X-Amz-Target"]?.split(separator: ".").last ?? self.path.split(separator: ":").last ?? "")
    }
    /// The members of the body.
    var fields: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
    }
    /// A member that is a list of texts.
    func list(_ name: String) -> [String] { fields[name] as? [String] ?? [] }
}

extension AnsweringServer {
    /// What it was asked for one action.
    func asked(_ action: String) -> [Asked] { asked.filter { $0.action == action } }
}

extension HTTPResponse {
    /// An error as Google's services answer it.
    static func google(_ status: Int, _ name: String, _ message: String = "so it is") -> HTTPResponse {
        .json(#"{"error":{"code":\#(status),"status":"\#(name)","message":"\#(message)"}}"#, status: status)
    }

    /// An error as Amazon's services answer it.
    static func amazon(_ status: Int, _ name: String, _ message: String = "so it is") -> HTTPResponse {
        .json(#"{"__type":"\#(name)","message":"\#(message)"}"#, status: status)
    }
}
