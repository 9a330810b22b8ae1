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

    static let handlers = HandlerTable()
        .handling(.enrollToken, by: EnrollTokenHandler())
        .handling(.provisionToken, by: ProvisionTokenHandler())
        .handling(.editToken, by: EditTokenHandler())
        .handling(.enableToken, by: EnableTokenHandler())
        .handling(.disableToken, by: DisableTokenHandler())
        .handling(.deleteToken, by: DeleteTokenHandler())
        .handling(.unassignToken, by: UnassignTokenHandler())
        .handling(.compromiseToken, by: CompromiseTokenHandler())
        .handling(.importTokens, by: ImportTokensHandler())
        .handling(.viewToken, by: ViewTokenHandler())
        .handling(.listTokens, by: ListTokensHandler())
        .handling(.defineTokenType, by: DefineTokenTypeHandler())
        .handling(.editTokenType, by: EditTokenTypeHandler())
        .handling(.retireTokenType, by: RetireTokenTypeHandler())
        .handling(.listTokenTypes, by: ListTokenTypesHandler())

    static func services(_ setup: WorkerSetup) -> [any Service] {
        let topics = setup.topics
        return [
            LaneService(setup) {
                [
                    topics.commandsEnrollment: .commands(handlers, maximumAge: nil),
                    topics.users: .directory(DirectoryUpdate()),
                ]
            }
        ]
    }
}
