internal import Delivery
internal import Kafka

extension KafkaTarget {
    func translating<T>(_ body: () throws(KafkaError) -> T) throws(DeliveryError) -> T {
        do { return try body() } catch { throw translated(error) }
    }

    func translated(_ error: KafkaError) -> DeliveryError {
        switch error.kind {
        case .fenced:
            DeliveryError(.conflict, "another program delivers under the same name: \(error.message)")
        case .message: DeliveryError(.row, error.message)
        case .security, .topic, .request: DeliveryError(.setup, error.message)
        default: DeliveryError(.unavailable, error.message)
        }
    }
}
