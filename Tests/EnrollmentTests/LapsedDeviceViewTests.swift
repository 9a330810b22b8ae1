import Contract
import TestSupport
import Testing
import TokenCore
import WorkerRuntime

@testable import Enrollment

@Suite("View of a device that nobody activated")
struct LapsedDeviceViewTests {
    @Test("shows it in the stock from its instant on, before the scanner has put it there")
    func view() throws {
        var desk = Desk()
        let type = try #require(desk.types.first { $0.name == "totp-hardware" })
        var token = Token(
            id: TokenID(desk.context.newID()),
            owner: desk.user,
            type: Token.TypeReference(type),
            status: .pending,
            device: Token.Device(serial: "S-1"),
            times: Token.Times(createdAt: desk.now)
        )
        token.times.activateBefore = desk.now.adding(seconds: 60)
        desk.state[desk.user] = UserRecord(key: desk.user, lockout: Lockout(), tokens: [token])
        let command = #"{"tokenId":"\#(token.id)"}"#
        for (offset, status, user, reason) in [
            (Int64(59), "PENDING", JSONValue.string("alice"), JSONValue.null),
            (60, "UNASSIGNED", .null, .string("not_activated")),
        ] {
            desk.now = Desk.start.adding(seconds: offset)
            let view = try JSON.member("token", of: desk.ok(ViewTokenHandler(), command).0)
            #expect(try JSON.text(view, "status") == status)
            #expect(view["userId"] == user)
            #expect(view["statusReason"] == reason)
            #expect((view["activateBefore"] == .null) == (status == "UNASSIGNED"))
        }
        #expect(JSON.text(try desk.ok(ListTokensHandler(), "{}").0) == #"{"tokens":[]}"#)
        #expect(
            try desk.send(EditTokenHandler(), command).rejection == Rejection(.wrongStatus, .init(status: .unassigned))
        )
        #expect(try desk.send(UnassignTokenHandler(), command).rejection == Rejection(.notAssigned))
    }
}
