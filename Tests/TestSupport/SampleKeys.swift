package import Settings

/// The private keys of RFC 7515 appendices A.2 and A.3 and of RFC 8037 appendix A, named for their algorithms.
package enum SampleKeys {
    package static let rsaModulus = """
        ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SF\
        d2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo\
        7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkM\
        Ls91kzk2PAcDTW9gb54h4FRWyuXpoQ
        """
    private static let rsaExponent = """
        Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395\
        IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV\
        _0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQ\
        yGWSeWjnczT0QU91p1DhOVRuOopznQ
        """
    private static let rsaPrimes = (
        """
        4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7\
        ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc
        """,
        """
        uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wD\
        mpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc
        """
    )
    package static let ellipticPoint =
        #""x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#
    package static let edwardsPoint = #""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#

    /// A JWK without secrets.
    package static func publicKey(_ algorithm: CommandSettings.SignatureAlgorithm, kid: String? = nil) -> String {
        "{\(publicMembers(algorithm, kid ?? algorithm.rawValue))}"
    }

    package static func privateKey(_ algorithm: CommandSettings.SignatureAlgorithm, kid: String? = nil) -> String {
        let secret =
            switch algorithm {
            case .edDSA: #""d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A""#
            case .es256: #""d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI""#
            case .rs256: #""d":"\#(rsaExponent)","p":"\#(rsaPrimes.0)","q":"\#(rsaPrimes.1)""#
            }
        return "{\(publicMembers(algorithm, kid ?? algorithm.rawValue)),\(secret)}"
    }

    private static func publicMembers(_ algorithm: CommandSettings.SignatureAlgorithm, _ kid: String) -> String {
        let kind =
            switch algorithm {
            case .edDSA: #""kty":"OKP","crv":"Ed25519",\#(edwardsPoint)"#
            case .es256: #""kty":"EC","crv":"P-256",\#(ellipticPoint)"#
            case .rs256: #""kty":"RSA","n":"\#(rsaModulus)","e":"AQAB""#
            }
        return #""kid":"\#(kid)","# + kind
    }

    /// The set of the three public keys.
    package static var wholeSet: String {
        let keys = CommandSettings.SignatureAlgorithm.allCases.map { publicKey($0) }
        return set(keys)
    }

    package static func set(_ keys: [String]) -> String { #"{"keys":[\#(keys.joined(separator: ","))]}"# }
}
