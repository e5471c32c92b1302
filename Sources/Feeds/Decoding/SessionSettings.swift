internal import Foundation
internal import Platform

/// The settings of a feed's session: a flat JSON object of texts, written in the order of its keys.
struct SessionSettings: Equatable {
    /// Name of the decoder.
    var decoder: String
    var values: [String: String]

    init(decoder: String, values: [String: String] = [:]) {
        self.decoder = decoder
        self.values = values
    }

    /// Reads the text of a `begin` record.
    ///
    /// - Throws: `FeedError` where it is not such an object.
    init(text: String) throws(FeedError) {
        let object = try? JSONSerialization.jsonObject(with: Data(text.utf8))
        guard var values = object as? [String: String], let decoder = values.removeValue(forKey: "decoder") else {
            throw FeedError(
                .settings, "the settings of a session are not an object with a `decoder`: \(text.prefix(200))")
        }
        self.init(decoder: decoder, values: values)
    }

    /// The same settings always give the same text.
    var text: String {
        let parts = ([("decoder", decoder)] + values.sorted { $0.key < $1.key })
            .map { "\(JSONText.quoted($0.0)):\(JSONText.quoted($0.1))" }
        return "{\(parts.joined(separator: ","))}"
    }
}
