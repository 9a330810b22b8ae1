import Contract
import WorkerRuntime

extension HandlerTable {
    /// The commands of the service.
    static let enrollment = HandlerTable()
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
}
