import Foundation
import Testing
import TokenCrypto

@Suite("KeySource")
struct KeySourceTests {
    private let folder: TemporaryFolder
    private let path: String
    private let source: KeySource
    private let start = ContinuousClock.now

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("keys")
        try KeyFile.create(path: path, rings: [.otp, .dlq])
        source = try KeySource(path: path)
    }

    private func later(_ seconds: Int) -> ContinuousClock.Instant {
        start + .seconds(seconds)
    }

    @Test("a change is seen at the next look, and the looks are a second apart")
    func seesChange() throws {
        #expect(source.reloadIfChanged(now: later(5)) == .unchanged)
        let kid = try KeyFile.rotate(path: path, ring: .otp)
        #expect(source.reloadIfChanged(now: later(5)) == .unchanged)
        #expect(source.reloadIfChanged(now: later(6)) == .reloaded)
        #expect(source.current.active(.otp)?.kid == kid)
        #expect(source.reloadIfChanged(now: later(8)) == .unchanged)
    }

    @Test("an unknown name has the file looked at at once")
    func unknownName() throws {
        let old = try #require(source.current.active(.otp))
        let kid = try KeyFile.rotate(path: path, ring: .otp)
        #expect(source.key(.dlq, kid: kid, now: start) == nil, "not in that ring, but the file was read")
        #expect(source.key(.otp, kid: kid, now: start)?.state == .active)
        #expect(source.key(.otp, kid: old.kid, now: start)?.state == .retired)
        #expect(source.key(.otp, kid: "nobody", now: start) == nil)
    }

    @Test("a broken file leaves the old keys in use and is told once; a mended one is taken")
    func brokenFile() throws {
        let old = try #require(source.current.active(.otp))
        try folder.write(#"{"keys":["#, "keys")
        guard case .failed(let error) = source.reloadIfChanged(now: later(2)) else {
            Issue.record("a broken file was taken")
            return
        }
        #expect(source.failure == error)
        #expect(source.reloadIfChanged(now: later(4)) == .unchanged)
        #expect(source.key(.otp, kid: old.kid)?.secret == old.secret)
        try FileManager.default.removeItem(atPath: path)
        guard case .failed = source.reloadIfChanged(now: later(6)) else {
            Issue.record("an absent file is another mistake")
            return
        }
        #expect(source.current.active(.otp)?.kid == old.kid)
        try KeyFile.create(path: path)
        #expect(source.reloadIfChanged(now: later(8)) == .reloaded)
        #expect(source.failure == nil)
        #expect(source.key(.otp, kid: old.kid, now: later(8)) == nil)
    }

    @Test("a mode that was opened and closed again is seen, though the content is the same")
    func mode() throws {
        try folder.setMode(0o644, "keys")
        guard case .failed(let error) = source.reload() else {
            Issue.record("a file open to all was taken")
            return
        }
        #expect(error.description.contains("0600"))
        try folder.setMode(0o600, "keys")
        #expect(source.reloadIfChanged(now: later(3_600)) == .reloaded)
    }

    @Test("reading on demand needs no change")
    func onDemand() {
        #expect(source.reload() == .reloaded)
    }

    @Test("a service does not start with a file that is not there")
    func absent() {
        #expect(throws: KeysError.self) { try KeySource(path: folder.path("none")) }
    }

    @Test("keys are found by many threads while the file is rotated")
    func concurrentUse() async throws {
        let kid = try #require(source.current.active(.dlq)?.kid)
        let (source, path) = (source, path)
        let isAlwaysFound = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                (0..<20).allSatisfy { _ in
                    guard let new = try? KeyFile.rotate(path: path, ring: .otp) else { return false }
                    return source.key(.otp, kid: new) != nil
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    (0..<500).allSatisfy { _ in
                        source.key(.otp, kid: "nobody") == nil && source.key(.dlq, kid: kid) != nil
                    }
                }
            }
            return await group.allSatisfy { $0 }
        }
        #expect(isAlwaysFound)
        #expect(source.current.keys.count == 22)
    }
}
