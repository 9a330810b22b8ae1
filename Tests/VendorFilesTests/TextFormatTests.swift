import Testing
import TokenCore
import VendorFiles

@Suite("Seed files that are no XML, and SafeNet's")
struct TextFormatTests {
    private func read(_ name: String, _ format: VendorFormat) throws -> SeedFile {
        let file = try VendorFiles.read(Samples.bytes(name))
        #expect(file.format == format)
        return file
    }

    @Test("OATH CSV: hexadecimal and Base32, HOTP where nothing is said; bad rows are named by serial and line")
    func oathCSV() throws {
        let file = try read("oath.csv", .oathCSV)
        #expect(file.entries.map(\.serial) == ["Token001", "Token002", "Token003", "Token004"])
        #expect(file.entries.map(\.kind) == [.hotp, .totp, .hotp, .totp])
        #expect(file.entries.map(\.digits) == [nil, 8, 6, 6])
        #expect(file.entries.map(\.period) == [nil, nil, nil, 60])
        #expect(file.entries[0].seed == Samples.seed20 && file.entries[2].seed == Samples.seed20)
        #expect(
            file.skips == [
                "Token005 unsupported_algorithm line 6", "Token006 malformed line 7", "- malformed line 8",
                "Token007 unsupported_algorithm line 9", "Token008 unsupported_algorithm line 10",
            ]
        )
    }

    @Test("a first row with names tells the columns")
    func header() throws {
        let file = try read("entra.csv", .oathCSV)
        #expect(file.entries.map(\.serial) == ["1234567", "1234568"])
        #expect(file.entries.map(\.kind) == [.totp, .totp] && file.entries.map(\.period) == [30, 60])
        #expect(file.entries[0].model == "HardwareKey, blue" && file.entries[0].manufacturer == "Contoso")
    }

    @Test("Yubico's log: OATH-HOTP rows are taken, other configurations are named and skipped")
    func traditional() throws {
        let file = try read("yubico-traditional.csv", .yubicoCSV)
        #expect(file.entries.map(\.serial) == ["cccccccccccc", "ubnu04201234"])
        #expect(file.entries.map(\.digits) == [6, 8] && file.entries.map(\.counter) == [0, 32])
        #expect(file.entries[0].seed.count == 20 && file.entries[0].seed[0] == 0x91)
        #expect(
            file.skips == [
                "vvgutbiedkvi unsupported_algorithm line 2", "- malformed line 5", "- unsupported_algorithm line 6",
                "- unsupported_algorithm line 7", "- unsupported_algorithm line 8",
            ]
        )
    }

    @Test("Yubico's other form: the device's serial number, OATH rows by their private id 0")
    func yubico() throws {
        let file = try read("yubico-long.csv", .yubicoCSV)
        #expect(file.entries.map(\.serial) == ["508326", "1382042"])
        #expect(
            file.skips == [
                "508326 unsupported_algorithm line 5", "508327 unsupported_algorithm line 7", "3 malformed line 8",
            ]
        )
    }

    @Test("SafeNet XML: serial, seed, moving factor; 32 bytes are a seed for SHA-256")
    func safeNetXML() throws {
        let file = try read("safenet.xml", .safeNetXML)
        #expect(file.entries.map(\.serial) == ["00040008CFA5", "sha256"])
        #expect(file.entries.map(\.counter) == [1, 7] && file.entries.map(\.algorithm) == [nil, .sha256])
        #expect(file.entries.map(\.seed) == [Samples.seed20, Samples.seed32])
        #expect(
            file.skips == [
                "- malformed Token in line 14", "token_without_seed malformed Token in line 17",
                "half malformed Token in line 31",
            ]
        )
    }

    @Test("SafeNet .dat: event and time tokens, block by block")
    func safeNetDat() throws {
        let file = try read("safenet.dat", .safeNetDat)
        #expect(file.entries.map(\.serial) == ["DEMO01", "DEMO02"])
        #expect(file.entries.map(\.kind) == [.hotp, .totp] && file.entries.map(\.digits) == [6, 8])
        #expect(file.entries[1].period == 60 && file.entries[1].algorithm == .sha256)
        #expect(file.entries.map(\.seed) == [Samples.seed20, Samples.seed32])
        #expect(
            file.skips == ["DEMO03 unsupported_algorithm line 16", "DEMO04 malformed line 20", "- malformed line 24"]
        )
        #expect(file.remarks.count == 1)
    }

    @Test("Feitian: a list of serial numbers and seeds, or PSKC")
    func feitian() throws {
        let list = try read("feitian.txt", .feitianText)
        #expect(list.entries.map(\.serial) == ["1000133508267", "1000133508255"])
        #expect(list.entries[0].seed == Samples.seed20)
        #expect(list.skips == ["1000133508256 malformed line 4", "1000133508257 malformed line 5"])
        let entry = try #require(try read("feitian.xml", .pskc).entries.first)
        #expect(entry.kind == .totp && entry.period == 60 && entry.seed == Samples.seed20)
    }

    @Test("the data of token.import, field by field; what is sealed already stays sealed")
    func importJSON() throws {
        let file = try read("import.json", .importJSON)
        let entry = try #require(file.entries.first)
        #expect(entry.tokenType == "totp-hardware" && entry.kind == nil && entry.seed == Samples.seed20)
        #expect(entry.drift == -2 && entry.digits == 8 && entry.period == 60 && entry.algorithm == .sha256)
        #expect(entry.batch == "B7" && entry.userID == "alice" && entry.status == "DISABLED")
        guard case .sealed = file.entries[1].secret else {
            Issue.record("a sealed secret was opened")
            return
        }
        #expect(file.skipped.map(\.serial) == ["J3", "J4", nil, nil])
    }

    @Test("line ends, byte order marks and UTF-16 of other systems change nothing")
    func encodings() throws {
        for name in ["oath.csv", "yubico-long.csv", "safenet.dat", "feitian.txt", "rfc6030-figure3.xml", "import.json"]
        {
            let text = try Samples.text(name)
            let plain = try VendorFiles.read(Array(text.utf8))
            let forms: [[UInt8]] = [
                Array(text.replacing("\n", with: "\r\n").utf8), [0xEF, 0xBB, 0xBF] + Array(text.utf8),
                Samples.utf16(text, bigEndian: false), Samples.utf16(text, bigEndian: true),
            ]
            for form in forms {
                let file = try VendorFiles.read(form)
                #expect(file.entries.map(\.serial) == plain.entries.map(\.serial), "\(name)")
                #expect(file.skips == plain.skips, "\(name)")
            }
        }
    }

    @Test("anything else is not recognised, or says what is wrong with it")
    func others() throws {
        for text in [
            "", "\n", "hello", "a,b\nc,d\n", "1 2 3", "key: value", "{}", "[1]", "%PDF-1.7", "<html/>", "#only\n",
        ] {
            #expect(refusal(of: text) == .unrecognized, "\(text)")
        }
        #expect(refusal(of: "<KeyContainer xmlns=\"urn:ietf:params:xml:ns:keyprov:container:1.0\"/>") == .unsupported)
        #expect(refusal(of: "{") == .syntax)
        #expect(refusal(of: #"{"tokens": []}"#) == .empty)
        #expect(refusal(of: [0x50, 0x4B, 3, 4, 0, 0]) == .encoding)
        #expect(refusal(of: [0xC3, 0x28]) == .encoding)
        #expect(refusal(of: [UInt8](repeating: 0x20, count: VendorFiles.maximumLength + 1)) == .tooLarge)
    }
}
