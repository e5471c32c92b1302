internal import Databases
internal import Delivery

extension PostgreSQLAddress {
    /// Errors of the database as errors of a delivery, without what must not be repeated.
    func translating<T>(_ body: () throws(DatabaseError) -> T) throws(DeliveryError) -> T {
        do {
            return try body()
        } catch {
            throw DeliveryError(Self.kind(error), hidden(in: error.message))
        }
    }

    /// The driver says nothing of what failed while connecting but the server's words.
    private static func kind(_ error: DatabaseError) -> DeliveryError.Kind {
        switch error.code {
        case .conflict: .conflict
        case .notPermitted, .driverMissing, .binding, .unsupported: .setup
        case .invalidArgument: .row
        default: error.message.contains("authentication failed") ? .setup : .unavailable
        }
    }
}
