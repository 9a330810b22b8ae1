import CommandSigning
import Contract
import Foundation
import Settings
import TestSupport
import Testing
import TokenCrypto

/// Mutations of good tokens: none crashes the check, none is accepted unless it is the good one byte for byte.
///
/// `USER_TOKENS_FUZZ=1000000` sets how many, `USER_TOKENS_SEED` where it begins.
@Suite("Signed commands: fuzz")
struct TokenFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let executions = environment["USER_TOKENS_FUZZ"].flatMap { Int($0) } ?? 6_000
    private static let seed = environment["USER_TOKENS_SEED"].flatMap { UInt64($0) } ?? 1

    @Test("a mutated token is never accepted", arguments: SignatureAlgorithm.allCases)
    func mutations(algorithm: SignatureAlgorithm) throws {
        let bench = try Bench()
        let good = Array(try SignedSample(algorithm).made().utf8)
        var random = SeededRandom(seed: Self.seed)
        var mutator = TokenMutator(good: good)
        var faults: [SignatureFault: Int] = [:]
        var command = try SignedSample(algorithm).command()
        let start = ContinuousClock.now
        for execution in 0..<Self.executions / 3 {
            let token = mutator.next(&random)
            let text = String(decoding: token, as: UTF8.self)
            // A header is text: what is none never comes as far as this.
            guard !text.utf8.elementsEqual(good) else { continue }
            command.asker.authorization = SensitiveText("Bearer \(text)")
            let fault = bench.fault(of: command)
            if let fault { faults[fault, default: 0] += 1 }
            #expect(fault != nil, "seed \(Self.seed), execution \(execution): \(text)")
        }
        #expect(faults.count >= 5, "the mutations reach all stages: \(faults)")
        let tally = faults.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        print("\(algorithm.rawValue): \(Self.executions / 3) executions in \(ContinuousClock.now - start): \(tally)")
    }

    @Test("a good token whose claims were changed and signed anew is judged by its claims alone")
    func signedAnew() throws {
        let bench = try Bench()
        var random = SeededRandom(seed: Self.seed)
        // Another `sub` is another asker, and no mistake.
        let names = SignedSample().claims.members.map(\.name).filter { $0 != "sub" }
        for _ in 0..<Self.executions / 20 {
            var sample = SignedSample()
            let name = names[Int.random(in: names.indices, using: &random)]
            let old = sample.claims[name]
            let new: JSONValue =
                switch Int.random(in: 0..<6, using: &random) {
                case 0: .null
                case 1: .integer(Int64(truncatingIfNeeded: random.next()))
                case 2: .double(Double(bitPattern: random.next() & 0x7FEF_FFFF_FFFF_FFFF))
                case 3: .array([old ?? .null, "x"])
                case 4: .string((old?.stringValue ?? "") + "\u{200B}")
                default: .bool(true)
                }
            sample.claims[name] = new
            #expect(try bench.fault(of: sample) != nil, "\(name)")
        }
    }
}

/// Makes tokens from a good one: bits, characters, parts, members, algorithms.
private struct TokenMutator {
    let good: [UInt8]
    private let headers = [
        #"{"alg":"none"}"#, #"{"alg":"none","kid":"EdDSA"}"#, #"{"alg":"HS256","kid":"RS256"}"#,
        #"{"alg":"ES256","kid":"ES256","crit":["x"],"x":1}"#, #"{"alg":"RS256","kid":"RS256","jwk":{}}"#,
        #"{"alg":"EdDSA","kid":"EdDSA","alg":"none"}"#, #"{"kid":"EdDSA"}"#, #"{"alg":"EdDSA","kid":"\u0000"}"#,
    ]

    init(good: [UInt8]) { self.good = good }

    mutating func next(_ random: inout SeededRandom) -> [UInt8] {
        var token = good
        for _ in 0...Int.random(in: 0..<3, using: &random) { mutate(&token, &random) }
        return token
    }

    private func mutate(_ token: inout [UInt8], _ random: inout SeededRandom) {
        let alphabet = Array("ABCXYZabcxyz019-_.=+/ \n\u{0}é".utf8)
        guard !token.isEmpty else { return token = good }
        let place = Int.random(in: token.indices, using: &random)
        let letter = alphabet[Int.random(in: alphabet.indices, using: &random)]
        switch Int.random(in: 0..<12, using: &random) {
        case 0: token[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: token[place] = letter
        case 2: token.insert(letter, at: place)
        case 3: token.remove(at: place)
        case 4: token.removeSubrange(place...)
        case 5: token += token[place...]
        case 6, 7:
            replacePart(&token, 0, &random) { header, random in
                header = Array(headers[Int.random(in: headers.indices, using: &random)].utf8)
            }
        case 8, 9:
            replacePart(&token, 1, &random) { claims, random in
                guard !claims.isEmpty else { return }
                let place = Int.random(in: claims.indices, using: &random)
                claims[place] = UInt8.random(in: 0x20..<0x7F, using: &random)
            }
        case 10:
            replacePart(&token, 2, &random) { signature, random in
                guard !signature.isEmpty else { return }
                switch Int.random(in: 0..<4, using: &random) {
                case 0: signature = [UInt8](repeating: 0, count: signature.count)
                case 1: signature = Array(signature.reversed())
                case 2: signature.append(0)
                default: signature[Int.random(in: signature.indices, using: &random)] &+= 1
                }
            }
        default:
            var parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            parts.shuffle(using: &random)
            token = Array(parts.joined(separator: [UInt8(ascii: ".")]))
        }
    }

    /// Changes the bytes that one part of the token stands for.
    private func replacePart(
        _ token: inout [UInt8],
        _ index: Int,
        _ random: inout SeededRandom,
        _ change: (inout [UInt8], inout SeededRandom) -> Void
    ) {
        var parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3, var bytes = Base64URL.decode(parts[index]) else { return }
        change(&bytes, &random)
        parts[index] = Base64URL.encodeBytes(bytes)
        token = Array(parts.joined(separator: [UInt8(ascii: ".")]))
    }
}
