import ArgumentParser
import Contract
import ServiceLifecycle
import TokenCrypto
import WorkerRuntime

/// Requests and verifies OTPs, resets and unlocks.
@main
struct Verifier: WorkerCommand {
    static let configuration = CommandConfiguration(
        commandName: "verifier",
        abstract: "Requests and verifies one-time passwords. Settings come from the environment.",
        version: Product.version
    )

    static func makeSetup(environment: [String: String]) throws(ProcessExit) -> WorkerSetup {
        try WorkerSetup(
            service: "verifier",
            rings: [.kek, .otp, .notification, .submission, .dlq],
            environment: environment
        )
    }

    static func services(_ setup: WorkerSetup) -> [any Service] {
        let topic = setup.topics.commandsVerification
        let maximumAge = setup.maximumQueueAge
        return [LaneService(setup) { [topic: .commands(.verification, maximumAge: maximumAge)] }]
    }
}
