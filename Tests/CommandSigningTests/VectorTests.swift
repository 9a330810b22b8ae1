import CommandSigning
import Settings
import TestSupport
import Testing
import TokenCrypto

@Suite("Signatures: vectors of the RFCs")
struct VectorTests {
    private func key(_ algorithm: SignatureAlgorithm) throws -> VerificationKey {
        let set = try CommandKeySet(parsing: Array(SampleKeys.wholeSet.utf8))
        return try #require(set.key(algorithm.rawValue))
    }

    private static let claims = """
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ
        """

    private static let vectors: [(algorithm: SignatureAlgorithm, input: String, signature: String)] = [
        (
            .rs256, "eyJhbGciOiJSUzI1NiJ9.\(claims)",
            """
            cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdb\
            F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383\
            LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWy\
            wlVmtVrBp0igcN_IoypGlUPQGe77Rw
            """
        ),
        (
            .es256, "eyJhbGciOiJFUzI1NiJ9.\(claims)",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
        (
            .edDSA, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        ),
    ]

    @Test("RFC 7515 A.2 (RS256) and A.3 (ES256), RFC 8037 A.5 (EdDSA)", arguments: vectors.indices)
    func vector(index: Int) throws {
        let (algorithm, input, text) = Self.vectors[index]
        let signature = try #require(Base64URL.decode(text))
        let key = try key(algorithm)
        #expect(key.algorithm == algorithm)
        #expect(key.isValid(signature, of: Array(input.utf8)))
        for position in signature.indices {
            var changed = signature
            changed[position] ^= 1
            #expect(!key.isValid(changed, of: Array(input.utf8)))
        }
        #expect(!key.isValid(signature, of: Array((input + "A").utf8)))
        #expect(!key.isValid(Array(signature.dropLast()), of: Array(input.utf8)))
        #expect(!key.isValid(signature + [0], of: Array(input.utf8)))
        for other in SignatureAlgorithm.allCases where other != algorithm {
            #expect(try !self.key(other).isValid(signature, of: Array(input.utf8)))
        }
    }

    @Test("RFC 8032 §7.1, tests 1 and 2, as keys of a set")
    func edwards() throws {
        let vectors = [
            (
                "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", [UInt8](),
                "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc-bRr0lv18FlbviRlUUFDjnoQCw"
            ),
            (
                "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw", [0x72],
                "kqAJqfDUyrhyDoILX2QlQKKye1QWUD-Ps3YiI-vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA"
            ),
        ]
        for (x, message, signature) in vectors {
            let jwk = #"{"kid":"a","kty":"OKP","crv":"Ed25519","x":"\#(x)"}"#
            let set = try CommandKeySet(parsing: Array(SampleKeys.set([jwk]).utf8))
            let bytes = try #require(Base64URL.decode(signature))
            #expect(set.key("a")?.isValid(bytes, of: message) == true)
        }
    }

    @Test("RS256 and EdDSA sign as the RFCs do; what ES256 signs, it verifies")
    func signing() throws {
        for (algorithm, input, signature) in Self.vectors {
            let signer = try SampleKeys.signer(algorithm)
            let made = try signer.signature(of: Array(input.utf8))
            if algorithm != .es256 { #expect(Base64URL.encode(made) == signature) }
            #expect(try key(algorithm).isValid(made, of: Array(input.utf8)))
        }
    }
}
