import ArgumentParser
import ServiceLifecycle
import Settings
import TokenCore
import TokenCrypto
import WorkerRuntime

/// Makes OBSOLETE what is out of date, tells of ends that come near, publishes the heads of the audit chains,
/// and keeps house.
@main
struct ExpiryScanner: WorkerCommand {
    static let configuration = CommandConfiguration(
        commandName: "expiry-scanner",
        abstract: "Ends tokens whose time is over and tells of ends to come. Settings come from the environment.",
        version: Product.version
    )

    static func makeSetup(environment: [String: String]) throws(ProcessExit) -> WorkerSetup {
        try WorkerSetup(
            service: "expiry-scanner",
            rings: [.kek, .otp, .notification, .dlq, .audit],
            environment: environment,
            reading: { reader in _ = ScannerSettings(&reader) }
        )
    }

    static func services(_ setup: WorkerSetup) -> [any Service] {
        var reader = SettingsReader(environment: setup.environment)
        return [ScanService(setup, ScannerSettings(&reader), scan: ExpiryScan())]
    }
}

/// The scanner's decision as the runtime asks for it.
struct ExpiryScan: TokenScan {
    func decide(
        _ state: inout WorkingSet,
        told: [TokenID: Set<Int>],
        _ context: DecisionContext
    ) -> ScanOutcome {
        let decision = ScanDecision(&state, told: told, context)
        return ScanOutcome(
            events: decision.events,
            notifications: decision.notifications,
            marks: decision.marks.map { ($0.token, $0.days) },
            ended: decision.ended
        )
    }
}
