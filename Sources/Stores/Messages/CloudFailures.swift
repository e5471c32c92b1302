internal import Delivery
internal import Networking

/// Errors of cloud services as errors of a delivery.
func translating<T>(_ body: () throws(CloudError) -> T) throws(DeliveryError) -> T {
    do { return try body() } catch {
        let kind: DeliveryError.Kind =
            switch error.kind {
            case .cancelled, .unavailable, .throttled, .malformed: .unavailable
            // What is refused for its contents is refused for its form: sizes are seen to before.
            case .denied, .missing, .refused: .setup
            }
        throw DeliveryError(kind, "\(error)")
    }
}
