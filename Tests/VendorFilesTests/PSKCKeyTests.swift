import Contract
import Testing
import TokenCore
import VendorFiles

@Suite("Keys of PSKC files")
struct PSKCKeyTests {
    /// A clear file of one key; what is not given is as in figure 3.
    private func read(
        profile: String = "urn:ietf:params:xml:ns:keyprov:pskc:totp",
        parameters: String = #"<ResponseFormat Length="6" Encoding="DECIMAL"/>"#,
        data: String = "",
        device: String = "<SerialNo>1</SerialNo>",
        secret: String = "<Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>",
        policy: String = ""
    ) throws -> SeedFile {
        let text = """
            <p:KeyContainer xmlns:p="urn:ietf:params:xml:ns:keyprov:pskc" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">
            <KeyPackage><DeviceInfo>\(device)</DeviceInfo><p:Key Id="k" Algorithm="\(profile)">
            <AlgorithmParameters>\(parameters)</AlgorithmParameters><Data>\(secret)\(data)</Data>\(policy)</p:Key>
            </KeyPackage></p:KeyContainer>
            """
        return try VendorFiles.read(Array(text.utf8))
    }

    private func skip(_ file: SeedFile) throws -> SkipCode {
        #expect(file.entries.isEmpty)
        return try #require(file.skipped.first).code
    }

    @Test("prefixes do not matter, and a time token has interval, drift and hash")
    func time() throws {
        let data = """
            <Time><PlainValue>0</PlainValue></Time><TimeInterval><PlainValue>60</PlainValue></TimeInterval>
            <TimeDrift><PlainValue> -4 </PlainValue></TimeDrift>
            """
        let suite = #"<Suite>HMAC-SHA256</Suite><ResponseFormat Length="8" Encoding="DECIMAL"/>"#
        let file = try read(parameters: suite, data: data)
        let entry = try #require(file.entries.first)
        #expect(entry.kind == .totp && entry.period == 60 && entry.drift == -4)
        #expect(entry.algorithm == .sha256 && entry.digits == 8 && entry.counter == nil)
    }

    @Test("the drafts' names of profiles are understood; others, OCRA among them, are named and skipped")
    func profiles() throws {
        #expect(try read(profile: "urn:ietf:params:xml:ns:keyprov:pskc#totp").entries.count == 1)
        #expect(try read(profile: "http://www.ietf.org/keyprov/pskc#hotp").entries.first?.kind == .hotp)
        for profile in ["urn:ietf:params:xml:ns:keyprov:pskc:ocra", "urn:x", "", "totp"] {
            #expect(try skip(read(profile: profile)) == .unsupportedAlgorithm, "\(profile)")
        }
    }

    @Test("what we cannot show to be right is not taken")
    func parameters() throws {
        let formats = [
            (#"<ResponseFormat Length="9" Encoding="DECIMAL"/>"#, SkipCode.unsupportedAlgorithm),
            (#"<ResponseFormat Length="6" Encoding="HEXADECIMAL"/>"#, .unsupportedAlgorithm),
            (#"<ResponseFormat Length="6" Encoding="DECIMAL" CheckDigits="true"/>"#, .unsupportedAlgorithm),
            (#"<ResponseFormat Length="x" Encoding="DECIMAL"/>"#, .malformed),
            (#"<ResponseFormat Encoding="DECIMAL"/>"#, .malformed),
            ("<Suite>HMAC-SHA3</Suite>", .unsupportedAlgorithm),
        ]
        for (format, code) in formats { #expect(try skip(read(parameters: format)) == code, "\(format)") }
        let interval = "<TimeInterval><PlainValue>45</PlainValue></TimeInterval>"
        #expect(try skip(read(data: interval)) == .unsupportedAlgorithm)
    }

    @Test("a policy that we could not keep forbids the key")
    func policies() throws {
        #expect(try skip(read(policy: "<Policy><KeyUsage>CR</KeyUsage></Policy>")) == .unsupportedAlgorithm)
        let pin = #"<Policy><PINPolicy PINUsageMode="Append"/></Policy>"#
        #expect(try skip(read(policy: pin)) == .unsupportedAlgorithm)
    }

    @Test("the earlier end counts, a date without zone is UTC, and no date is malformed")
    func ends() throws {
        let file = try read(
            device: "<SerialNo>1</SerialNo><ExpiryDate>2030-01-01T00:00:00</ExpiryDate>",
            policy: "<Policy><ExpiryDate>2031-01-01T00:00:00+01:00</ExpiryDate></Policy>"
        )
        #expect(file.entries.first?.expiresAt?.rfc3339 == "2030-01-01T00:00:00.000Z")
        #expect(try skip(read(policy: "<Policy><ExpiryDate>soon</ExpiryDate></Policy>")) == .malformed)
    }

    @Test("secrets and serial numbers that are none are malformed, and nothing of them is told")
    func malformed() throws {
        let secrets = [
            "", "<Secret/>", "<Secret><PlainValue>!</PlainValue></Secret>",
            "<Secret><PlainValue></PlainValue></Secret>",
            "<Secret><PlainValue>MTIz</PlainValue></Secret><Secret><PlainValue>MTIz</PlainValue></Secret>",
        ]
        for secret in secrets {
            let file = try read(secret: secret)
            #expect(try skip(file) == .malformed, "\(secret)")
            #expect(!"\(file.skipped)".contains("MTIz"))
        }
        let seed = "3132333435363738393031323334353637383930"
        for serial in ["", " ", "a\u{85}b", seed, String(repeating: "1", count: 129)] {
            let file = try read(device: "<SerialNo>\(serial)</SerialNo>")
            #expect(try skip(file) == .malformed, "\(serial)")
            #expect(file.skipped.first?.serial == nil)
        }
    }

    @Test("no description of an entry shows its seed")
    func redaction() throws {
        let sealed = try VendorFiles.read(Samples.bytes("import.json"))
        for entry in try read().entries + sealed.entries {
            var dumped = ""
            dump(entry, to: &dumped)
            for text in ["\(entry)", String(reflecting: entry), dumped] {
                #expect(!text.contains("12345678901234567890") && !text.contains("[49,") && !text.contains("eyJ"))
            }
        }
    }
}
