/// A metric's place in the catalogue: its name, what it means, and its labels. `Instrument` is what it is measured with.
package struct MetricName<Instrument>: Sendable {
    package let name: String
    package let help: String
    package let labels: [String]
    /// Upper bounds of a histogram's buckets.
    let bounds: [Double]

    fileprivate init(_ name: String, _ help: String, labels: [String] = [], bounds: [Double] = []) {
        self.name = name
        self.help = help
        self.labels = labels
        self.bounds = bounds
    }
}

// The catalogue: every metric of every service. Label values come from closed sets of the contract (types, codes,
// outcomes, topics): never a tenant, a user, a token or free text.

extension MetricName where Instrument == Counter {
    package static var commands: Self {
        Self("usertokens_commands_total", "Commands answered.", labels: ["type", "status", "code"])
    }
    package static var notifications: Self {
        Self("usertokens_notifications_total", "Notifications finished.", labels: ["channel", "outcome"])
    }
    package static var deadLetters: Self {
        Self("usertokens_dlq_total", "Records written to a dead-letter topic.", labels: ["reason"])
    }
    package static var forbidden: Self {
        Self("usertokens_forbidden_total", "Commands refused for their signature or privilege.", labels: ["reason"])
    }
    package static var silentSkips: Self {
        Self("usertokens_silent_skips_total", "Records passed over because their lane had already handled them.")
    }
    package static var takeovers: Self {
        Self("usertokens_takeovers_total", "Lanes taken over from another worker.")
    }
    package static var faults: Self {
        Self("usertokens_faults_total", "Faults of the database or the broker.", labels: ["operation"])
    }
    package static var deliveryAttempts: Self {
        Self(
            "usertokens_delivery_attempts_total",
            "Attempts to hand over a message.",
            labels: ["channel", "provider", "outcome"]
        )
    }
    package static var expired: Self {
        Self("usertokens_expired_total", "Tokens that the scanner found expired.", labels: ["reason"])
    }
}

extension MetricName where Instrument == Gauge {
    package static var faultState: Self {
        Self("usertokens_fault_state", "1 while a fault of the database or the broker holds work up, else 0.")
    }
    package static var consumerLag: Self {
        Self("usertokens_consumer_lag", "Records not yet handled.", labels: ["topic", "partition"])
    }
    package static var expiryDue: Self {
        Self("usertokens_expiry_due", "Tokens due for the expiry scanner.")
    }
    package static var keysPending: Self {
        Self(
            "usertokens_keys_pending",
            "What retired keys have made and the scanner has still to make anew.",
            labels: ["kind"]
        )
    }
    package static var deliveriesInFlight: Self {
        Self("usertokens_deliveries_in_flight", "Messages being handed over.", labels: ["channel"])
    }
    package static var providerCircuit: Self {
        Self(
            "usertokens_provider_circuit",
            "1 for the state in which a provider's circuit is, else 0.",
            labels: ["provider", "state"]
        )
    }
}

extension MetricName where Instrument == Histogram {
    package static var commandSeconds: Self {
        Self(
            "usertokens_command_seconds",
            "Seconds from reading a command to the broker's acknowledgement of its reply.",
            bounds: secondsBounds
        )
    }
    package static var queueAge: Self {
        Self(
            "usertokens_queue_age_seconds",
            "Seconds from a record's timestamp to its reading.",
            bounds: secondsBounds
        )
    }
    package static var batchDuration: Self {
        Self("usertokens_batch_duration_seconds", "Seconds that one batch took.", bounds: secondsBounds)
    }
    package static var batchSize: Self {
        Self("usertokens_batch_size", "Records in a batch.", bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    }
    package static var deliveryDuration: Self {
        Self(
            "usertokens_delivery_duration_seconds",
            "Seconds that one delivery took.",
            labels: ["channel", "outcome"],
            bounds: secondsBounds
        )
    }
}

private let secondsBounds = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]
