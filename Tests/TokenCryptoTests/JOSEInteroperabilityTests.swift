import Foundation
import Testing
import TokenCrypto

@Suite("JWE and joserfc")
struct JOSEInteroperabilityTests {
    private let keys = (1...3).map { Key(kid: "provisioning-\($0)", ring: .provisioning, secret: .random(32)) }

    private var keySet: JOSEOracle.KeySet {
        JOSEOracle.KeySet(
            keys: keys.map { key in
                ["kty": "oct", "kid": key.kid, "k": key.secret.withBytes { Base64URL.encode($0) }]
            }
        )
    }

    @Test("joserfc opens what is sealed here, with either algorithm")
    func theyOpenOurs() throws {
        var random = PropertyRandom()
        var question = JOSEOracle.Question(keys: keySet)
        var expected: [(hex: String, alg: String)] = []
        for index in 0..<60 {
            let plaintext = random.bytes(Int.random(in: 0...400, using: &random))
            let key = keys[index % keys.count]
            let isDirect = index % 2 == 0
            let message = isDirect ? JWE.seal(plaintext, key: key) : JWE.sealA256KW(plaintext, key: key)
            question.messages.append(.init(jwe: String(decoding: message, as: UTF8.self), kid: key.kid))
            expected.append((hexText(plaintext), isDirect ? "dir" : "A256KW"))
        }
        let answer = try JOSEOracle.ask(question)
        #expect(answer.opened.map(\.plaintext) == expected.map(\.hex))
        #expect(answer.opened.map { $0.header["alg"] } == expected.map(\.alg))
        #expect(answer.opened.allSatisfy { $0.header["enc"] == "A256GCM" })
    }

    @Test("what joserfc seals opens here, with either algorithm")
    func weOpenTheirs() throws {
        var random = PropertyRandom()
        var question = JOSEOracle.Question(keys: keySet)
        for index in 0..<60 {
            let plaintext = random.bytes(Int.random(in: 1...400, using: &random))
            question.plaintexts.append(
                .init(
                    alg: index % 2 == 0 ? "dir" : "A256KW",
                    kid: keys[index % keys.count].kid,
                    hex: hexText(plaintext)
                )
            )
        }
        let answer = try JOSEOracle.ask(question)
        #expect(answer.sealed.count == question.plaintexts.count)
        for (message, asked) in zip(answer.sealed, question.plaintexts) {
            let opened = try JWE.open(message.utf8) { kid in keys.first { $0.kid == kid } }
            #expect(opened == Secret(hex(asked.hex)))
        }
    }

    @Test("joserfc reads a key file as the JWK Set that it is, and opens what its keys seal")
    func keyFile() throws {
        let folder = try TemporaryFolder()
        try KeyFile.create(path: folder.path("keys.json"))
        _ = try KeyFile.rotate(path: folder.path("keys.json"), ring: .dlq)
        let rings = try KeyRings.load(path: folder.path("keys.json"))
        let set = try JSONDecoder().decode(JOSEOracle.KeySet.self, from: folder.read("keys.json"))
        var question = JOSEOracle.Question(keys: set)
        for key in rings.keys where key.ring != .audit {
            let message = JWE.seal(key.kid.utf8, key: key)
            question.messages.append(.init(jwe: String(decoding: message, as: UTF8.self), kid: key.kid))
        }
        let answer = try JOSEOracle.ask(question)
        #expect(answer.opened.map(\.plaintext) == question.messages.map { hexText($0.kid.utf8) })
        #expect(answer.opened.count == 7)
    }
}
