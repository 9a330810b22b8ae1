import CRdKafka
import Glibc

/// The one owner of an `rd_kafka_t` and of what its callbacks reach.
final class KafkaClient {
    /// `nil` once destroyed.
    private(set) var raw: OpaquePointer?
    private let callbacks: Callbacks

    /// What librdkafka's callbacks find behind the opaque pointer. Freed after the client is destroyed.
    final class Callbacks {
        let onLog: (@Sendable (KafkaLogLine) -> Void)?
        let onError: (@Sendable (KafkaError) -> Void)?
        let membership: GroupMembership?
        let deliveries: DeliveryReports?

        init(_ settings: KafkaSettings, membership: GroupMembership? = nil, deliveries: DeliveryReports? = nil) {
            self.onLog = settings.onLog
            self.onError = settings.onError
            self.membership = membership
            self.deliveries = deliveries
        }

        static func behind(_ pointer: UnsafeMutableRawPointer) -> Callbacks {
            Unmanaged<Callbacks>.fromOpaque(pointer).takeUnretainedValue()
        }
    }

    /// - Parameters:
    ///   - defaults: hold unless the settings say otherwise.
    ///   - owned: hold whatever the settings say.
    init(
        _ type: rd_kafka_type_t,
        _ settings: KafkaSettings,
        defaults: [String: String],
        owned: [String: String],
        callbacks: Callbacks
    ) throws(KafkaError) {
        let properties =
            defaults
            .merging(settings.properties) { $1 }
            .merging(owned) { $1 }
        let configuration = rd_kafka_conf_new()
        for (name, value) in properties where rd_kafka_conf_set(configuration, name, value, nil, 0) != RD_KAFKA_CONF_OK
        {
            rd_kafka_conf_destroy(configuration)
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation: "set \(name)")
        }
        rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(callbacks).toOpaque())
        Self.setCallbacks(configuration, callbacks)

        guard let raw = rd_kafka_new(type, configuration, nil, 0) else {
            let code = rd_kafka_last_error()
            rd_kafka_conf_destroy(configuration)
            throw KafkaError(code, operation: "create client")
        }
        self.raw = raw
        self.callbacks = callbacks
    }

    deinit { destroy() }

    /// Waits for librdkafka's threads to end; then no callback can run. Idempotent.
    func destroy() {
        if let raw = raw.take() { rd_kafka_destroy(raw) }
    }

    /// The client, for a call that is named in the error if it has been destroyed.
    func open(_ operation: String) throws(KafkaError) -> OpaquePointer {
        guard let raw else { throw KafkaError(RD_KAFKA_RESP_ERR__DESTROY, operation: operation, isFatal: true) }
        return raw
    }

    /// The error that made the client useless, if one did.
    func fatalError(_ operation: String) -> KafkaError? {
        guard let raw else { return KafkaError(RD_KAFKA_RESP_ERR__DESTROY, operation: operation, isFatal: true) }
        let code = rd_kafka_fatal_error(raw, nil, 0)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code, operation: operation, isFatal: true)
    }

    /// Hands an error that needs no action to whoever listens.
    func report(_ error: KafkaError) { callbacks.onError?(error) }

    private static func setCallbacks(_ configuration: OpaquePointer?, _ callbacks: Callbacks) {
        rd_kafka_conf_set_log_cb(configuration) { client, level, facility, message in
            guard let client, let facility, let message, let opaque = rd_kafka_opaque(client) else { return }
            // "… is a consumer property and will be ignored": one set of properties serves both kinds of client.
            if strcmp(facility, "CONFWARN") == 0, strstr(message, "will be ignored by this") != nil { return }
            Callbacks.behind(opaque).onLog?(
                KafkaLogLine(
                    level: Int(level),
                    facility: String(cString: facility),
                    message: String(cString: message)
                )
            )
        }
        rd_kafka_conf_set_error_cb(configuration) { _, code, _, opaque in
            guard let opaque else { return }
            Callbacks.behind(opaque).onError?(KafkaError(rd_kafka_resp_err_t(rawValue: code), operation: "client"))
        }
        if callbacks.membership != nil {
            rd_kafka_conf_set_rebalance_cb(configuration) { client, code, partitions, opaque in
                guard let client, let partitions, let opaque else { return }
                Callbacks.behind(opaque).membership?.rebalance(client, code, PartitionList(borrowing: partitions))
            }
        }
        if callbacks.deliveries != nil {
            rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
                guard let message, let opaque else { return }
                Callbacks.behind(opaque).deliveries?.report(message)
            }
        }
    }
}
