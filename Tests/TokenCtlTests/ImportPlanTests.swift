import Contract
import Testing
import TokenCrypto
import VendorFiles

@testable import TokenCtl

@Suite("What an import sends, reads and prints")
struct ImportPlanTests {
    private func seeds(_ rows: [String]) throws -> SeedFile {
        try VendorFiles.read(Array(rows.joined(separator: "\n").utf8))
    }

    @Test("a command has at most 1,000 tokens and leaves room below 900 KB, and nothing is lost between commands")
    func batches() throws {
        let seed = String(repeating: "a1", count: 64)
        let long = String(repeating: "-", count: 120)
        let rows = (0..<2_345).map { "S\($0)\(long),\(seed)" }
        let batches = try ImportBatches(seeds(rows), type: nil, sealing: nil).all
        #expect(batches.flatMap(\.serials) == (0..<2_345).map { "S\($0)\(long)" })
        #expect(batches.allSatisfy { $0.entries.count <= 1_000 && $0.data.count <= 810_000 })
        for batch in batches {
            guard case .array(let tokens)? = try JSONParser.parse(batch.data).objectValue?["tokens"] else {
                Issue.record("no tokens")
                continue
            }
            #expect(tokens.map { $0.objectValue?["serial"]?.stringValue } == batch.serials)
        }
    }

    @Test("answers are understood in each form, and nothing else is taken for one")
    func answers() {
        func read(_ text: String) -> ImportAnswer? { ImportAnswer(Array(text.utf8)) }
        let skipped = [ImportAnswer.Skipped(serial: "a", code: "weak_secret")]
        #expect(
            read(#"{"status":"ok","result":{"imported":2,"skipped":[{"serial":"a","code":"weak_secret"}]}}"#)
                == .done(imported: 2, skipped: skipped)
        )
        #expect(read(#"{"status":"ok","result":{"imported":2}}"#) == .done(imported: 2, skipped: []))
        #expect(read(#"{"status":"rejected","code":"not_hardware"}"#) == .rejected(code: "not_hardware"))
        let others = [
            "", "{", "[]", "{}", #"{"status":"ok"}"#, #"{"status":"ok","result":{"imported":"2"}}"#,
            #"{"status":"ok","result":{"imported":-1}}"#, #"{"status":"ok","result":{"imported":1,"skipped":1}}"#,
            #"{"status":"rejected"}"#,
        ]
        for other in others { #expect(read(other) == nil, "\(other)") }
    }

    @Test("a key file is hexadecimal or the bytes themselves, without the line end")
    func keys() {
        let hexadecimal = "00112233445566778899aAbBcCdDeEfF"
        let raw = [UInt8](0..<16)
        let expected = Secret(raw.map { $0 * 17 })
        for end in ["", "\n", "\r\n"] {
            #expect(ImportFile.key(in: Array((hexadecimal + end).utf8)) == expected)
            #expect(ImportFile.key(in: raw.map { $0 + 0x80 } + Array(end.utf8)) == Secret(raw.map { $0 + 0x80 }))
        }
        let endsLikeALine = [UInt8](repeating: 0xFE, count: 15) + [0x0A]
        #expect(ImportFile.key(in: endsLikeALine) == Secret(endsLikeALine))
        #expect(ImportFile.key(in: []) == nil && ImportFile.key(in: [0x0A]) == nil)
    }

    @Test("the bar shows how much is done")
    func progress() {
        var bar = ProgressBar(total: 4, unit: "tokens", isTerminal: false)
        #expect(bar.text == String(repeating: "·", count: 30) + " 0 of 4 tokens")
        bar.advance(by: 2)
        #expect(bar.text == String(repeating: "█", count: 15) + String(repeating: "·", count: 15) + " 2 of 4 tokens")
        bar.advance(by: 9)
        #expect(bar.text == String(repeating: "█", count: 30) + " 4 of 4 tokens")
    }
}
