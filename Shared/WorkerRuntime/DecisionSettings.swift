package import TokenCore

/// What decisions depend on beside command and state, the same for all commands of a service.
package struct DecisionSettings: Sendable {
    /// CloudEvents `source` of all that the service writes, such as `/usertokens/verifier`.
    package let source: String
    /// For `dlq_service`.
    package let service: String
    /// Seconds after which an unknown command is `expired`: it may have been executed and forgotten.
    package let horizon: Int64
    package let limits: SendingLimits

    /// How far a record's timestamp may run ahead of the database's clock: else it could outlive its inbox row.
    static let clockTolerance: Int64 = 300

    package init(source: String, service: String, horizon: Int64, limits: SendingLimits) {
        self.source = source
        self.service = service
        self.horizon = horizon
        self.limits = limits
    }
}
