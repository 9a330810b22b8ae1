import Contract
import TokenCore
import WorkerRuntime

/// `token.list`: the tokens of the key's user, or on a `~` key of the tenant, in the order of enrolment, page by page.
///
/// Rejections: `invalid_cursor`; `result_too_large` where the page would not fit into a record: a lower `limit` helps.
struct ListTokensHandler: CommandHandler {
    /// Leaves room in a record of 256 KB for envelope and headers.
    static let largestResult = 200_000

    static var reads: Reads { .contact }
    static var keys: AcceptedKeys { [.user, .tenantWide] }
    static var isReadOnly: Bool { true }

    func decide(_ command: ListTokens, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        state.decideOnRecord(of: context) { [rows = state.tenantPage] record throws(Rejection) in
            let filter = TokenListing.Filter(command)
            let limit = Int(command.limit)
            let cursor = try ListCursor.optional(command.cursor)
            let (page, next) =
                context.user.isTenantWide
                ? TokenListing.page(ofRows: rows, filter, limit: limit, in: context.catalogue, at: context.now)
                : TokenListing.page(
                    record.tokens,
                    filter,
                    limit: limit,
                    after: cursor?.last,
                    in: context.catalogue,
                    at: context.now
                )
            let views = page.map { token in
                let owner = context.user.isTenantWide ? UserRecord(ownerOf: token, among: page) : record
                return JSONValue.object(TokenView.json(token, record: owner, context: context))
            }
            var result: JSONObject = ["tokens": .array(views)]
            if let next { result.append("nextCursor", .string(ListCursor(after: next).text)) }
            guard result.serialized().count <= Self.largestResult else { throw Rejection(.resultTooLarge) }
            return Outcome(.ok(result))
        }
    }

    /// One row more than the page, which tells whether another page follows.
    func needs(_ command: ListTokens, on key: UserKey) throws(Rejection) -> Needs {
        var needs = Needs()
        let cursor = try ListCursor.optional(command.cursor)
        guard key.isTenantWide else { return needs }
        needs.page = TenantPageRequest(
            after: cursor?.last,
            limit: Int(command.limit) + 1,
            // A token can be OBSOLETE before its row says so: then every row has to be looked at.
            status: command.status.flatMap(TokenStatus.init(rawValue:)).flatMap { $0 == .obsolete ? nil : $0 },
            tokenType: command.tokenType,
            serialPrefix: command.serial,
            expiresBefore: command.expiresBefore
        )
        return needs
    }
}

extension ListCursor {
    fileprivate static func optional(_ text: String?) throws(Rejection) -> ListCursor? {
        try text.map { text throws(Rejection) in try ListCursor(text) }
    }
}

extension UserRecord {
    /// What a page of the tenant's tokens tells of a token's user: without contact, so a virtual token's address is
    /// not shown there.
    fileprivate init(ownerOf token: Token, among page: [Token]) {
        self.init(
            key: UserKey(tenant: token.tenant, userID: token.userID ?? ""),
            tokens: page.filter { $0.userID == token.userID }
        )
    }
}

extension TokenListing.Filter {
    fileprivate init(_ command: ListTokens) {
        self.init(
            status: command.status.flatMap(TokenStatus.init(rawValue:)),
            tokenType: command.tokenType,
            serial: command.serial,
            expiresBefore: command.expiresBefore
        )
    }
}
