import Contract
import Testing
import TokenCore
import WorkerRuntime

@testable import Enrollment
@testable import Verifier

/// Contract section 7, cell by cell through the handlers. A cell: the answer; where it is `ok` or `unchanged` the status
/// afterwards, and the events.
@Suite("The table of statuses")
struct StatusGridTests {
    enum Fixture: CaseIterable, Sendable { case hardware, soft, sms }

    struct Row: Sendable, CustomTestStringConvertible {
        let command: String
        let fixture: Fixture
        /// PENDING, ACTIVE, DISABLED, OBSOLETE, and of hardware COMPROMISED, UNASSIGNED.
        let cells: [String]

        init(_ command: String, _ fixture: Fixture, _ cells: [String]) {
            self.command = command
            self.fixture = fixture
            self.cells = cells
        }

        var testDescription: String { "\(command) of \(fixture)" }
    }

    private static let no = "wrong_status"
    private static let compromised = "ok COMPROMISED token.compromised"
    private static let unassigned = "ok UNASSIGNED token.unassigned"
    private static let deleted = "ok DELETED token.deleted"
    private static let verified = "ok ACTIVE otp.verified"
    private static let requested = "ok ACTIVE otp.requested"
    private static let refused = "wrong_status otp.rejected"

    static let rows = [
        // PENDING, ACTIVE, DISABLED, OBSOLETE, COMPROMISED, UNASSIGNED
        Row(
            "view",
            .hardware,
            ["ok PENDING", "ok ACTIVE", "ok DISABLED", "ok OBSOLETE", "ok COMPROMISED", "ok UNASSIGNED"]
        ),
        Row(
            "list",
            .hardware,
            ["ok PENDING", "ok ACTIVE", "ok DISABLED", "ok OBSOLETE", "ok COMPROMISED", "ok UNASSIGNED"]
        ),
        Row("delete", .hardware, [deleted, deleted, deleted, deleted, deleted, deleted]),
        Row(
            "edit",
            .hardware,
            [
                "ok PENDING token.edited", "ok ACTIVE token.edited", "ok DISABLED token.edited", no, no, no,
            ]
        ),
        Row("enable", .hardware, [no, "unchanged ACTIVE", "ok ACTIVE token.enabled", no, no, no]),
        Row("disable", .hardware, [no, "ok DISABLED token.disabled", "unchanged DISABLED", no, no, no]),
        Row(
            "verify enrollment",
            .hardware,
            [
                "ok ACTIVE otp.verified token.activated", refused, refused, refused, refused, refused,
            ]
        ),
        Row("verify login", .hardware, [refused, verified, refused, refused, refused, refused]),
        Row("verify approval", .hardware, [refused, verified, refused, refused, refused, refused]),
        Row("verify test", .hardware, [refused, verified, refused, refused, refused, refused]),
        Row("verify helpdesk", .hardware, [refused, verified, refused, refused, refused, refused]),
        Row(
            "reset",
            .hardware,
            [
                "ok ACTIVE token.reset token.activated", "ok ACTIVE token.reset", "ok DISABLED token.reset",
                refused, refused, refused,
            ]
        ),
        Row("unassign", .hardware, [unassigned, unassigned, unassigned, no, no, "not_assigned"]),
        Row(
            "compromise",
            .hardware,
            [
                compromised, compromised, compromised, compromised, "unchanged COMPROMISED", compromised,
            ]
        ),
        Row("provision", .hardware, Array(repeating: "not_provisionable", count: 6)),
        Row(
            "unlock",
            .hardware,
            ["ok PENDING", "ok ACTIVE", "ok DISABLED", "ok OBSOLETE", "ok COMPROMISED", "ok UNASSIGNED"]
        ),

        Row("view", .soft, ["ok PENDING", "ok ACTIVE", "ok DISABLED", "ok OBSOLETE"]),
        Row("list", .soft, ["ok PENDING", "ok ACTIVE", "ok DISABLED", "ok OBSOLETE"]),
        Row("delete", .soft, [deleted, deleted, deleted, deleted]),
        Row("edit", .soft, ["ok PENDING token.edited", "ok ACTIVE token.edited", "ok DISABLED token.edited", no]),
        Row("enable", .soft, [no, "unchanged ACTIVE", "ok ACTIVE token.enabled", no]),
        Row("disable", .soft, [no, "ok DISABLED token.disabled", "unchanged DISABLED", no]),
        Row("verify enrollment", .soft, ["ok ACTIVE otp.verified token.activated", refused, refused, refused]),
        Row("verify login", .soft, [refused, verified, refused, refused]),
        Row("request login", .soft, [no, "not_deliverable", no, no]),
        Row(
            "reset",
            .soft,
            [
                "ok ACTIVE token.reset token.activated", "ok ACTIVE token.reset", "ok DISABLED token.reset", refused,
            ]
        ),
        Row("unassign", .soft, Array(repeating: "not_hardware", count: 4)),
        Row("compromise", .soft, Array(repeating: "not_hardware", count: 4)),
        Row("provision", .soft, ["ok PENDING token.edited", no, no, no]),

        Row("request enrollment", .sms, ["ok PENDING otp.requested", no, no, no]),
        Row("request login", .sms, [no, requested, no, no]),
        Row("request approval", .sms, [no, requested, no, no]),
        Row("request test", .sms, [no, requested, no, no]),
        Row("request helpdesk", .sms, [no, requested, no, no]),
        Row("request contact-change", .sms, [no, "not_deliverable", no, no]),
        Row("verify enrollment", .sms, ["ok ACTIVE otp.verified token.activated", refused, refused, refused]),
        Row("verify login", .sms, [refused, verified, refused, refused]),
        Row("reset", .sms, Array(repeating: "not_resettable otp.rejected", count: 4)),
        Row("provision", .sms, Array(repeating: "not_provisionable", count: 4)),
        Row("unassign", .sms, Array(repeating: "not_hardware", count: 4)),
    ]

    private static let columns: [TokenStatus] = [.pending, .active, .disabled, .obsolete, .compromised, .unassigned]

    @Test("holds in every cell", arguments: rows)
    func cells(row: Row) throws {
        for (status, cell) in zip(Self.columns, row.cells) {
            var grid = try Grid(row.fixture, status, row.command)
            #expect(grid.bench.status(grid.token) == status)
            let answer = try grid.perform(row.command)
            let after = grid.bench.status(grid.token)
            let words = answer.isOK ? [answer.word, after.rawValue] : [answer.word]
            #expect((words + answer.events).joined(separator: " ") == cell, "\(row.command) of \(status)")
            if answer.word == "wrong_status" { #expect(answer.rejection?.details.status == status) }
            if !answer.isOK { #expect(after == status) }
        }
    }

    @Test("knows every command of a token in every fixture's column")
    func complete() {
        for row in Self.rows { #expect(row.cells.count == (row.fixture == .hardware ? 6 : 4), "\(row.command)") }
    }
}

/// One cell: a token in its status, and the command.
private struct Grid {
    var bench = Bench()
    var token = ""
    private let status: TokenStatus
    private var key: UserKey { status == .unassigned && isInStock ? Stage.operators : Bench.alice }
    private var isInStock = false

    init(_ fixture: StatusGridTests.Fixture, _ status: TokenStatus, _ command: String) throws {
        self.status = status
        let start: JSONValue = status == .pending ? "on-first-otp" : "now"
        let end = JSONValue.string(bench.stage.now.adding(seconds: 1_000).rfc3339)
        switch fixture {
        case .hardware:
            try bench.bring("hotp-hardware", status == .obsolete ? ["expiresAt": end] : [:])
            // A command that no `~` key takes meets an UNASSIGNED device as one whose first OTP did not come in time.
            isInStock = ["view", "list", "delete", "edit", "unassign", "compromise"].contains(command)
            if status == .unassigned, isInStock {
                token = bench.stage.tokens.first?.token.id.description ?? ""
            } else {
                let activate: JSONValue = status == .unassigned ? "on-first-otp" : start
                token = try bench.enroll(["tokenType": "hotp-hardware", "serial": "S-1", "activate": activate])
                if status == .unassigned { bench.wait(8 * 86_400) }
            }
        case .soft:
            var data: JSONObject = [
                "tokenType": "hotp", "secret": .string(Base32.encode(bench.seed)), "activate": start,
            ]
            if status == .obsolete { data.append("expiresAt", end) }
            token = try bench.enroll(data)
        case .sms:
            var data: JSONObject = ["tokenType": "sms", "phone": "+41790000067", "activate": start]
            if status == .obsolete { data.append("expiresAt", end) }
            token = try bench.enroll(data)
        }
        switch status {
        case .disabled: try bench.ok(DisableTokenHandler(), named)
        case .obsolete: bench.wait(1_001)
        case .compromised: try bench.ok(CompromiseTokenHandler(), named)
        case .pending, .active, .unassigned, .deleted: break
        }
    }

    private var named: JSONObject { ["tokenId": .string(token)] }

    mutating func perform(_ command: String) throws -> Answer {
        let words = command.split(separator: " ").map(String.init)
        switch words[0] {
        case "view": return bench.send(ViewTokenHandler(), named, on: key)
        case "list":
            let answer = bench.send(ListTokensHandler(), ["status": .string(status.rawValue)], on: key)
            guard case .array(let tokens)? = answer.result?["tokens"] else { return answer }
            #expect(tokens.compactMap { $0.objectValue?.text("tokenId") } == [token])
            return answer
        case "delete": return bench.send(DeleteTokenHandler(), named, on: key)
        case "edit": return bench.send(EditTokenHandler(), named.setting("description", "new"), on: key)
        case "enable": return bench.send(EnableTokenHandler(), named)
        case "disable": return bench.send(DisableTokenHandler(), named)
        case "unassign": return bench.send(UnassignTokenHandler(), named, on: key)
        case "compromise": return bench.send(CompromiseTokenHandler(), named, on: key)
        case "provision": return bench.send(ProvisionTokenHandler(), named)
        case "unlock": return bench.send(UnlockTokenHandler(), named)
        case "reset":
            let pair = named.setting("otp1", .string(bench.shown(0))).setting("otp2", .string(bench.shown(1)))
            return bench.send(ResetTokenHandler(), pair)
        default: return try performOTP(words[0], words[1])
        }
    }

    private mutating func performOTP(_ command: String, _ purpose: String) throws -> Answer {
        var data = named.setting("purpose", .string(purpose))
        if purpose == "approval" { data.append("context", Use.context(0)) }
        var value = bench.shown(0)
        let isDelivered = bench.stage.tokens.contains {
            $0.token.id.description == token && $0.token.device.channel != nil
        }
        if command == "request" || isDelivered {
            let answer = bench.send(RequestOTPHandler(), data)
            if command == "request" { return answer }
            value = answer.outcome.notifications.first?.content.text("otp") ?? "000000"
        }
        return bench.send(VerifyOTPHandler(), data.setting("otp", .string(value)))
    }
}
