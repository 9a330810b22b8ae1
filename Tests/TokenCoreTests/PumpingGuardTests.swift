import Testing
import TokenCore

@Suite("The guard against numbers at which nobody verifies")
struct PumpingGuardTests {
    private let phone = "+3725551234"
    private let pumping = PumpingGuard(mode: .enforce, minimumSent: 50, minimumRate: 0.1)

    private func ledger(_ prefix: (Int, Int), others: (Int, Int)) -> ConversionLedger {
        ConversionLedger([
            .init(tenant: "t", prefix: "+372555"): Conversion(sent: prefix.0, verified: prefix.1),
            .init(tenant: "t", prefix: nil): Conversion(sent: prefix.0 + others.0, verified: prefix.1 + others.1),
        ])
    }

    private func isSuspect(_ prefix: (Int, Int), others: (Int, Int) = (0, 0)) -> Bool {
        pumping.isSuspect(phone, of: "t", ledger(prefix, others: others))
    }

    @Test("a prefix is suspect at a low share of enough messages, and only then")
    func share() {
        #expect(isSuspect((50, 4)))
        #expect(!isSuspect((50, 5)))
        #expect(!isSuspect((49, 0)))
        #expect(!pumping.isSuspect(phone, of: "other", ledger((50, 0), others: (0, 0))))
        #expect(!pumping.isSuspect("+3725560000", of: "t", ledger((50, 0), others: (0, 0))))
    }

    @Test("where the tenant's other numbers reach no more, the fault is elsewhere")
    func others() {
        #expect(isSuspect((100, 1), others: (1_000, 800)))
        #expect(!isSuspect((100, 0), others: (1_000, 0)))
        #expect(!isSuspect((100, 2), others: (1_000, 40)))
        #expect(isSuspect((100, 1), others: (1_000, 40)))
    }

    @Test("switched off it names nobody")
    func off() {
        var off = pumping
        off.mode = .off
        #expect(!off.isSuspect(phone, of: "t", ledger((50, 0), others: (0, 0))))
    }

    @Test("a message and its verification are counted in the bucket in which the challenge began, and for the tenant")
    func counting() {
        var ledger = ConversionLedger()
        ledger.recordSent("t", "+372555", begun: Instant(seconds: 1_299))
        ledger.recordSent("t", "+372556", begun: Instant(seconds: 1_200))
        ledger.recordVerified("t", "+372555", begun: Instant(seconds: 1_299))
        let counts = Dictionary(
            uniqueKeysWithValues: ledger.added.map {
                ("\($0.key.scope.prefix ?? "all")@\($0.key.bucket.seconds)", $0.value)
            }
        )
        #expect(
            counts == [
                "+372555@1200": Conversion(sent: 1, verified: 1), "+372556@1200": Conversion(sent: 1),
                "all@1200": Conversion(sent: 2, verified: 1),
            ]
        )
    }
}
