import ArgumentParser
import Contract
import ServiceLifecycle
import TokenCrypto
import WorkerRuntime

/// Enrols and manages tokens, and follows the directory.
@main
struct Enrollment: WorkerCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrollment",
        abstract: "Enrols and manages tokens, and follows the user directory. Settings come from the environment.",
        version: Product.version
    )

    static func makeSetup(environment: [String: String]) throws(ProcessExit) -> WorkerSetup {
        try WorkerSetup(
            service: "enrollment",
            rings: [.kek, .otp, .notification, .provisioning, .submission, .dlq],
            environment: environment
        )
    }

    static func services(_ setup: WorkerSetup) -> [any Service] {
        let topics = setup.topics
        return [
            LaneService(setup) {
                [
                    topics.commandsEnrollment: .commands(.enrollment, maximumAge: nil),
                    topics.users: .directory(DirectoryUpdate()),
                ]
            }
        ]
    }
}
