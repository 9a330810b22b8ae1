import Testing
import TokenCrypto

@Suite("PBKDF2")
struct PBKDF2Tests {
    private func key(
        _ password: String,
        _ salt: String,
        _ iterations: Int,
        _ length: Int,
        _ algorithm: HMACAlgorithm = .sha1
    ) -> Secret? {
        PBKDF2.key(
            password: Secret(password.utf8),
            salt: Array(salt.utf8),
            iterations: iterations,
            length: length,
            algorithm: algorithm
        )
    }

    @Test("the vectors of RFC 6070")
    func vectors() {
        #expect(key("password", "salt", 1, 20) == Secret(hex("0c60c80f961f0e71f3a9b524af6012062fe037a6")))
        #expect(key("password", "salt", 4_096, 20) == Secret(hex("4b007901b765489abead49d926f721d065a429c1")))
        #expect(
            key("pass\0word", "sa\0lt", 4_096, 16) == Secret(hex("56fa6aa75548099dcc37d7f03425e0c3"))
        )
    }

    @Test("the vectors of RFC 7914 §11, with SHA-256")
    func sha256() {
        let expected = hex(
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
        )
        #expect(key("passwd", "salt", 1, 64, .sha256) == Secret(expected))
    }

    @Test("what would take hours, or makes no sense, is not done")
    func bounds() {
        #expect(key("p", "s", PBKDF2.maximumIterations + 1, 16) == nil)
        #expect(key("p", "s", 0, 16) == nil && key("p", "s", -1, 16) == nil)
        #expect(key("p", "", 1, 16) == nil && key("p", String(repeating: "s", count: 1_025), 1, 16) == nil)
        #expect(key("p", "s", 1, 0) == nil && key("p", "s", 1, 65) == nil)
        #expect(key("", "s", 1, 16)?.count == 16)
    }
}
