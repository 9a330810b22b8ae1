import Foundation
import Testing
import TokenCrypto

@Suite("KeyFile")
struct KeyFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test("a new file has mode 0600 and an active key for each ring")
    func creates() throws {
        try KeyFile.create(path: folder.path("keys"))
        #expect(try folder.mode("keys") == 0o600)
        let rings = try KeyRings.load(path: folder.path("keys"))
        #expect(Ring.allCases.allSatisfy { rings.active($0) != nil })
        #expect(rings.keys.count == Ring.allCases.count)
    }

    @Test("a file that is there is never written over")
    func neverOverwrites() throws {
        try folder.write("precious", "keys")
        let error = try #require(throws: KeysError.self) { try KeyFile.create(path: folder.path("keys")) }
        #expect(error.description.contains("cannot be created"))
        #expect(try folder.read("keys") == Data("precious".utf8))
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link"),
            withDestinationPath: folder.path("void")
        )
        #expect(throws: KeysError.self) { try KeyFile.create(path: folder.path("link")) }
        #expect(try folder.names == ["keys", "link"])
    }

    @Test("a rotation adds an active key, retires the last one, and leaves all else as it was")
    func rotates() throws {
        let k = Base64URL.encode(SecureRandom.bytes(32))
        let text = #"""
            { "note" : "kept", "keys" : [
              {"kty":"oct", "kid":"o", "ring":"otp", "state" : "active", "k":"\#(k)", "mine":[1,{"state":"active"}]}
            ] }
            """#
        try folder.write(text, "keys", mode: 0o400)
        let new = try KeyFile.rotate(path: folder.path("keys"), ring: .otp)
        let rings = try KeyRings.load(path: folder.path("keys"))
        #expect(rings.active(.otp)?.kid == new)
        #expect(rings.key(.otp, kid: "o")?.state == .retired)
        #expect(rings.keys.count == 2)
        let after = String(decoding: try folder.read("keys"), as: UTF8.self)
        let kept = text.replacing(#""state" : "active""#, with: #""state" : "retired""#)
        #expect(after.hasPrefix(kept.prefix(kept.count - 4)))
        #expect(try folder.mode("keys") == 0o400)
        #expect(try folder.names == ["keys"], "no draft is left")
    }

    @Test("every ring can be rotated again and again, also one without a key", arguments: Ring.allCases)
    func rotatesEveryRing(ring: Ring) throws {
        try folder.write(#"{"keys":[]}"#, "keys")
        let kids = try (0..<4).map { _ in try KeyFile.rotate(path: folder.path("keys"), ring: ring) }
        let rings = try KeyRings.load(path: folder.path("keys"))
        #expect(rings.keys.map(\.kid) == kids)
        #expect(rings.keys.map(\.state) == [.retired, .retired, .retired, .active])
    }

    @Test("a retired key is taken out, wherever it stands, and all else stays as it was")
    func removes() throws {
        let k = (0..<4).map { _ in Base64URL.encode(SecureRandom.bytes(32)) }
        func entry(_ index: Int, _ state: String) -> String {
            #"{"kty":"oct", "kid":"k\#(index)", "ring":"otp", "state":"\#(state)", "k":"\#(k[index])"}"#
        }
        func file(_ keys: [Int]) -> String {
            #"{ "note" : "kept", "keys" : [ "#
                + keys.map { entry($0, $0 == 3 ? "active" : "retired") }.joined(separator: "\n , ") + " ]}"
        }
        let path = folder.path("keys")
        try folder.write(file([0, 1, 2, 3]), "keys", mode: 0o400)
        var left = [0, 1, 2, 3]
        for index in [1, 0, 2] {
            try KeyFile.remove(path: path, kid: "k\(index)")
            left.removeAll { $0 == index }
            #expect(try KeyRings.load(path: path).keys.map(\.kid) == left.map { "k\($0)" })
        }
        #expect(String(decoding: try folder.read("keys"), as: UTF8.self) == file([3]))
        #expect(try folder.mode("keys") == 0o400)
        for kid in ["k3", "k1"] { #expect(throws: KeysError.self) { try KeyFile.remove(path: path, kid: kid) } }
        #expect(String(decoding: try folder.read("keys"), as: UTF8.self) == file([3]))
        #expect(try folder.names == ["keys"], "no draft is left")
    }

    @Test("a key on a token takes over in ring kek, and the file has where it is, and no key")
    func rotatesToToken() throws {
        let path = folder.path("keys")
        try KeyFile.create(path: path, rings: [.kek])
        let uri = "pkcs11:token=my;object=\"kek\\"
        let kid = try KeyFile.rotate(path: path, to: uri)
        let key = try #require(try KeyRings.load(path: path).active(.kek))
        #expect(key.kid == kid && key.location == PKCS11URI(uri) && key.secret.count == 0)
        #expect(throws: KeysError.self) { try KeyFile.rotate(path: path, to: "pkcs11:token=my") }
        #expect(throws: KeysError.self, "the same key a second time") { try KeyFile.rotate(path: path, to: uri) }
        _ = try KeyFile.rotate(path: path, ring: .kek)
        #expect(try KeyRings.load(path: path).key(.kek, kid: kid)?.state == .retired)
    }

    @Test("a rotation through a link changes the file, not the link")
    func rotatesThroughLink() throws {
        try KeyFile.create(path: folder.path("keys"), rings: [.kek])
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link"),
            withDestinationPath: folder.path("keys")
        )
        _ = try KeyFile.rotate(path: folder.path("link"), ring: .kek)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link")) == folder.path("keys"))
        #expect(try KeyRings.load(path: folder.path("keys")).keys.count == 2)
    }

    @Test("a broken file is not rotated and stays as it is")
    func refusesBroken() throws {
        try folder.write("{", "keys")
        #expect(throws: KeysError.self) { try KeyFile.rotate(path: folder.path("keys"), ring: .otp) }
        #expect(try folder.read("keys") == Data("{".utf8))
        #expect(throws: KeysError.self) { try KeyFile.rotate(path: folder.path("none"), ring: .otp) }
        #expect(try folder.names == ["keys"])
    }

    @Test("no rotation is lost when many run at once")
    func concurrentRotations() async throws {
        try KeyFile.create(path: folder.path("keys"), rings: [.otp])
        let path = folder.path("keys")
        let done = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<10).count { _ in (try? KeyFile.rotate(path: path, ring: .otp)) != nil }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(done == 80)
        #expect(try KeyRings.load(path: path).keys.count == 81)
        #expect(try folder.names == ["keys"])
    }

    @Test(
        "a file that group or others may touch is refused",
        arguments: [0o660, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666]
    )
    func refusesMode(mode: Int) throws {
        try KeyFile.create(path: folder.path("keys"))
        try folder.setMode(mode, "keys")
        let error = try #require(throws: KeysError.self) { try KeyRings.load(path: folder.path("keys")) }
        #expect(error.description.contains("0600"))
    }

    @Test("a mode without group and others is accepted", arguments: [0o600, 0o400, 0o700])
    func acceptsMode(mode: Int) throws {
        try KeyFile.create(path: folder.path("keys"))
        try folder.setMode(mode, "keys")
        #expect(try KeyRings.load(path: folder.path("keys")).keys.count == Ring.allCases.count)
    }

    @Test("what is no regular file is refused, and a FIFO is not waited for")
    func refusesOtherKinds() throws {
        #expect(mkfifo(folder.path("fifo"), 0o600) == 0)
        for (path, reason) in [
            (folder.path("fifo"), "no regular file"), (folder.path("."), "no regular file"),
            ("/dev/zero", "no regular file"),
            (folder.path("none"), "cannot be opened"),
        ] {
            let error = try #require(throws: KeysError.self) { try KeyRings.load(path: path) }
            #expect(error.description.contains(reason), "\(error)")
        }
        try folder.write(String(repeating: " ", count: KeyRings.maximumLength + 1), "large")
        let error = try #require(throws: KeysError.self) { try KeyRings.load(path: folder.path("large")) }
        #expect(error.description.contains("longer"))
    }
}
