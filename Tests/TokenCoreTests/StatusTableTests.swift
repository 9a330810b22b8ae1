import Testing

@testable import TokenCore

@Suite("Status table")
struct StatusTableTests {
    /// Contract section 7, cell by cell: y allowed, = unchanged, - `wrong_status`, u `not_assigned`; columns PENDING,
    /// ACTIVE, DISABLED, OBSOLETE, COMPROMISED, UNASSIGNED, and last DELETED, where nothing is found (x).
    static let contract: [(StatusTable.Command, String)] = [
        (.view, "yyyyyyx"),
        (.list, "yyyyyyx"),
        (.delete, "yyyyyyx"),
        (.edit, "yyy---x"),
        (.enable, "-=y---x"),
        (.disable, "-y=---x"),
        (.activate, "y-----x"),
        (.use, "-y----x"),
        (.reset, "yyy---x"),
        (.unassign, "yyy--ux"),
        (.compromise, "yyyy=yx"),
        (.provision, "y-----x"),
        (.unlock, "yyy---x"),
    ]

    @Test("says in every cell what the contract says", arguments: contract)
    func cells(command: StatusTable.Command, row: String) {
        let said = TokenStatus.allCases.map { status -> Character in
            switch StatusTable.admission(command, status) {
            case .allowed: "y"
            case .unchanged: "="
            case .refused(.wrongStatus): "-"
            case .refused(.notAssigned): "u"
            case .refused(.tokenNotFound): "x"
            case .refused: "?"
            }
        }
        #expect(String(said) == row)
    }

    @Test("has a row in this test for every command")
    func complete() {
        #expect(Set(Self.contract.map(\.0)) == Set(StatusTable.Command.allCases))
    }

    @Test("agrees with what the verification rules ask", arguments: TokenStatus.allCases, Purpose.allCases)
    func purposes(status: TokenStatus, purpose: Purpose) {
        let command: StatusTable.Command = purpose == .enrollment ? .activate : .use
        #expect((StatusTable.admission(command, status) == .allowed) == status.admits(purpose))
    }
}
