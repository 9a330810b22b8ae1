import Glibc
import TestSupport
import Testing
import TokenCore
import TokenCrypto
import VendorFiles

@Suite("Files that nobody wrote")
struct MutationTests {
    private static let password = Secret("qwerty".utf8)

    /// Reads a file in each way, twice, and checks what holds for every file.
    private func check(_ bytes: [UInt8], _ note: String) {
        for (key, password) in [(nil, nil), (Samples.preSharedKey, Self.password)] as [(Secret?, Secret?)] {
            let results = (0..<2).map { _ in Result { try VendorFiles.read(bytes, key: key, password: password) } }
            switch (results[0], results[1]) {
            case (.success(let file), .success(let again)):
                #expect(file.entries.map(\.serial) == again.entries.map(\.serial), "\(note)")
                #expect(file.skipped == again.skipped, "\(note)")
                #expect(!file.entries.isEmpty || !file.skipped.isEmpty, "\(note)")
                #expect(file.entries.allSatisfy { TextRules.isPlain($0.serial) && !$0.serial.isEmpty }, "\(note)")
                #expect(file.skipped.allSatisfy { TextRules.isPlain($0.place + $0.reason) }, "\(note)")
            case (.failure(let error), .failure(let again)):
                #expect("\(error)" == "\(again)" && error is UnreadableFile, "\(note)")
            default: Issue.record("one reading differs from the other: \(note)")
            }
        }
    }

    @Test("the corpus and the samples are read without a trap, and twice the same")
    func corpus() throws {
        for folder in ["Corpus", "Samples"] {
            let files = try Samples.all(in: folder)
            #expect(!files.isEmpty)
            for (name, bytes) in files { check(bytes, name) }
        }
    }

    @Test("samples with bytes changed, lost, doubled and mixed are read without a trap, and twice the same")
    func mutations() throws {
        let seed = environment("USER_TOKENS_FUZZ_SEED") ?? .random(in: 0 ... .max)
        let count = environment("USER_TOKENS_FUZZ_RUNS") ?? 2_000
        print("mutations of seed files: USER_TOKENS_FUZZ_SEED=\(seed) USER_TOKENS_FUZZ_RUNS=\(count)")
        var mutator = FileMutator(samples: try Samples.all(in: "Samples").map(\.bytes), seed: seed)
        for run in 0..<count { check(mutator.next(), "seed \(seed), run \(run)") }
    }

    private func environment(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }
}

/// Makes files of files.
private struct FileMutator {
    /// What readers look at closely.
    private static let words = [
        "<!DOCTYPE x [", "<!ENTITY x \"y\">", "&x;", "&#0;", "&#xD800;", "<![CDATA[", "]]>", "<!--", "-->", "</Key>",
        "<a>",
        "\"", "'", ",", ",,,,,,", ";", "=", "\n", "\r\n", "\0", "\u{85}", "\u{2028}", "#", "-1", "99999999999999999999",
        "9223372036854775807", "18446744073709551615", "0", "1e9", "{", "[[[[", "null", "eyJ", "ocra", "totp",
        "\u{FEFF}",
        "xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\"", "encoding=\"UTF-16\"", "sccTokenData: sccKey=;sccMode=",
        "OATH-HOTP,,,,,", "<PlainValue>", "<IterationCount>10000001<", "<KeyLength>-16<", "=====",
    ]

    private let samples: [[UInt8]]
    private var random: SeededRandom

    init(samples: [[UInt8]], seed: UInt64) {
        self.samples = samples
        random = SeededRandom(seed: seed)
    }

    mutating func next() -> [UInt8] {
        var bytes = samples.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&bytes) }
        return bytes
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let end = min(place + Int.random(in: 0...40, using: &random), bytes.count)
        switch Int.random(in: 0..<7, using: &random) {
        case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0 ... .max, using: &random)
        case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4:
            let other = samples.randomElement(using: &random) ?? []
            bytes.replaceSubrange(place..., with: other.dropFirst(Int.random(in: 0...other.count, using: &random)))
        case 5: bytes.removeSubrange(place...)
        default: bytes.insert(contentsOf: Array((Self.words.randomElement(using: &random) ?? "").utf8), at: place)
        }
    }
}
