import Foundation
import Testing
import TokenCrypto
import VendorFiles

@Suite("What protects a PSKC file")
struct PSKCProtectionTests {
    private static let mac = "Su+NvtQfmvfJzF6bmQiJqoLRExc="
    private static let cipher = "AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv"

    private func refusal(
        figure: Int = 6,
        key: Secret? = Samples.preSharedKey,
        password: Secret? = nil,
        replacing replacements: [(String, String)] = []
    ) throws -> UnreadableFile.Reason? {
        var text = try Samples.text("rfc6030-figure\(figure).xml")
        for (old, new) in replacements {
            #expect(text.contains(old))
            text = text.replacing(old, with: new)
        }
        return VendorFilesTests.refusal(of: text, key: key, password: password)
    }

    @Test("without a key or a password a sealed file is not read, and says which is missing")
    func missing() throws {
        #expect(try refusal(figure: 6, key: nil) == .missingKey)
        #expect(try refusal(figure: 6, key: nil, password: Secret("qwerty".utf8)) == .missingKey)
        #expect(try refusal(figure: 7) == .missingKey)
    }

    @Test("a wrong key, password or length of key says so")
    func wrong() throws {
        #expect(try refusal(figure: 6, key: Secret(Array(repeating: 7, count: 16))) == .wrongKey)
        #expect(try refusal(figure: 6, key: Secret(Array(repeating: 7, count: 32))) == .wrongKey)
        #expect(try refusal(figure: 7, password: Secret("qwertz".utf8)) == .wrongKey)
    }

    @Test("a changed ciphertext, initialisation vector or MAC is refused before the key is used")
    func changed() throws {
        let (mac, cipher) = (Self.mac, Self.cipher)
        #expect(try refusal(replacing: [(mac, "Tu+NvtQfmvfJzF6bmQiJqoLRExc=")]) == .wrongKey)
        #expect(try refusal(replacing: [(cipher, "B" + String(cipher.dropFirst()))]) == .wrongKey)
        #expect(try refusal(replacing: [(cipher, String(cipher.dropLast()) + "w")]) == .wrongKey)
        #expect(try refusal(replacing: [(mac, "Su+NvtQfmvfJzF6bmQiJ")]) == .wrongKey, "a part of the MAC")
    }

    @Test("without a MAC key the encryption key is taken for it")
    func macKeyAbsent() throws {
        let text = try Samples.text("rfc6030-figure6.xml")
        let start = try #require(text.firstRange(of: "<MACKey>")).lowerBound
        let end = try #require(text.firstRange(of: "</MACKey>")).upperBound
        let without = text.replacingCharacters(in: start..<end, with: "")
        #expect(VendorFilesTests.refusal(of: without, key: Samples.preSharedKey) == .wrongKey)
        let ciphertext = try #require(Data(base64Encoded: Self.cipher))
        let mac = HMACContext(algorithm: .sha1, key: Samples.preSharedKey).mac([UInt8](ciphertext))
        let other = without.replacing(Self.mac, with: Data(mac).base64EncodedString())
        let file = try VendorFiles.read(Array(other.utf8), key: Samples.preSharedKey)
        #expect(file.entries.map(\.seed) == [Samples.seed20])
    }

    @Test("one changed value among others is skipped by name; the others are taken")
    func oneChanged() throws {
        let text = try Samples.text("rfc6030-figure6.xml")
        let start = try #require(text.firstRange(of: "<KeyPackage>")).lowerBound
        let end = try #require(text.firstRange(of: "</KeyPackage>")).upperBound
        let package = String(text[start..<end])
        let changed = package.replacing("987654321", with: "2").replacing(
            Self.mac,
            with: "Tu+NvtQfmvfJzF6bmQiJqoLRExc="
        )
        let bytes = Array(text.replacing(package, with: package + changed).utf8)
        let file = try VendorFiles.read(bytes, key: Samples.preSharedKey)
        #expect(file.entries.map(\.serial) == ["987654321"])
        #expect(file.skipped.map(\.serial) == ["2"] && file.skipped.first?.code == .wrongMAC)
    }

    @Test("a MAC method without MACs, encryption without a MAC method: nothing is taken")
    func missingMACs() throws {
        #expect(try refusal(replacing: [("<ValueMAC>\(Self.mac)\n                    </ValueMAC>", "")]) == .missingMAC)
        #expect(try refusal(replacing: [("<MACMethod ", "<Other "), ("</MACMethod>", "</Other>")]) == .missingMAC)
        let clear = try Samples.text("rfc6030-figure3.xml")
        let method = #"<MACMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"/><KeyPackage>"#
        #expect(VendorFilesTests.refusal(of: clear.replacing("<KeyPackage>", with: method)) == .missingMAC)
    }

    @Test("a MAC or cipher that we lack is no MAC and no cipher")
    func unknown() throws {
        #expect(try refusal(replacing: [("#hmac-sha1", "#hmac-md5")]) == .unsupported)
        #expect(try refusal(replacing: [("#hmac-sha1", "")]) == .unsupported)
        #expect(try refusal(replacing: [("<MACKey>", "<MACKeyReference>m</MACKeyReference><MACKey>")]) == .unsupported)
        let text = try Samples.text("rfc6030-figure6.xml")
        let last = try #require(text.ranges(of: "aes128-cbc").last)
        let other = text.replacingCharacters(in: last, with: "tripledes-cbc")
        let file = try VendorFiles.read(Array(other.utf8), key: Samples.preSharedKey)
        #expect(file.skips == ["987654321 unsupported_algorithm Key 12345678 in line 29"])
    }

    @Test("PBKDF2 is bounded: no file makes its reader work for more than seconds")
    func iterations() throws {
        let password = Secret("qwerty".utf8)
        let count = ("<IterationCount>1000<", "<IterationCount>10000001<")
        #expect(try refusal(figure: 7, password: password, replacing: [count]) == .tooLarge)
        let words = [
            ("1000<", "-1<"), ("1000<", "9223372036854775808<"), ("1000<", "x<"), ("16<", "64<"), ("16<", "x<"),
        ]
        for (old, new) in words {
            #expect(try refusal(figure: 7, password: password, replacing: [(old, new)]) == .unsupported, "\(new)")
        }
        #expect(try refusal(figure: 7, password: password, replacing: [("#pbkdf2", "#pbkdf1")]) == .unsupported)
        #expect(
            try refusal(figure: 7, password: password, replacing: [("<PRF/>", "<PRF>hmac-md5</PRF>")]) == .unsupported
        )
        #expect(try refusal(figure: 7, password: password, replacing: [("Ej7/PEpyEpw=", "")]) == .unsupported)
    }

    @Test("a clear value with a MAC is checked too")
    func clearWithMAC() throws {
        let plain = "<PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue><ValueMAC>\(Self.mac)</ValueMAC>"
        let text = try Samples.text("rfc6030-figure6.xml")
        let start = try #require(text.firstRange(of: "<EncryptedValue>")).lowerBound
        let end = try #require(text.firstRange(of: "</ValueMAC>")).upperBound
        let other = text.replacingCharacters(in: start..<end, with: plain)
        #expect(VendorFilesTests.refusal(of: other, key: Samples.preSharedKey) == .wrongKey)
    }
}
