import Contract
import TokenCore
import WorkerRuntime

/// `token.list`: the tokens of the key's user, in the order of enrolment, page by page.
///
/// Rejections: `invalid_cursor`; `result_too_large` where the page would not fit into a record: a lower `limit` helps.
struct ListTokensHandler: CommandHandler {
    /// Leaves room in a record of 256 KB for envelope and headers.
    static let largestResult = 200_000

    static var reads: Reads { .contact }

    func decide(_ command: ListTokens, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        state.decideOnUser(of: context, stock: true) { record throws(Rejection) in
            let cursor = try command.cursor.map { text throws(Rejection) in try ListCursor(text) }
            let (page, next) = TokenListing.page(
                record.tokens,
                TokenListing.Filter(command),
                limit: Int(command.limit),
                after: cursor?.last,
                in: context.catalogue,
                at: context.now
            )
            var result: JSONObject = [
                "tokens": .array(page.map { .object(TokenView.json($0, record: record, context: context)) })
            ]
            if let next { result.append("nextCursor", .string(ListCursor(after: next).text)) }
            guard result.serialized().count <= Self.largestResult else { throw Rejection(.resultTooLarge) }
            return Outcome(.ok(result))
        }
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
