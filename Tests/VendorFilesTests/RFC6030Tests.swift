import Contract
import Testing
import TokenCore
import TokenCrypto
import VendorFiles

@Suite("The figures of RFC 6030")
struct RFC6030Tests {
    private func read(_ figure: Int, key: Secret? = nil, password: Secret? = nil) throws -> SeedFile {
        let file = try VendorFiles.read(Samples.bytes("rfc6030-figure\(figure).xml"), key: key, password: password)
        #expect(file.format == .pskc)
        return file
    }

    @Test("figure 2, a key without a device, is named and skipped")
    func basic() throws {
        let file = try read(2)
        #expect(file.entries.isEmpty)
        #expect(file.skips == ["- malformed Key 12345678 in line 7"])
    }

    @Test("figure 3 yields serial number, seed, counter and digits")
    func supplementary() throws {
        let entry = try #require(try read(3).entries.first)
        #expect(entry.serial == "987654321" && entry.seed == Samples.seed20)
        #expect(entry.kind == .hotp && entry.counter == 0 && entry.digits == 8)
        #expect(entry.manufacturer == "Manufacturer" && entry.userID == nil)
    }

    @Test("figure 4 holds no secret, but the name of one")
    func keyReference() throws {
        #expect(try read(4).skips == ["987654321 malformed Key 12345678 in line 13"])
    }

    @Test("figure 5: the key is taken, its PIN is not a key")
    func localPIN() throws {
        let file = try read(5)
        #expect(file.entries.map(\.seed) == [Samples.seed20])
        #expect(file.skips == ["987654321 unsupported_algorithm Key 123456781 in line 44"])
    }

    @Test("figure 6: AES-128-CBC under a pre-shared key, with a MAC")
    func preSharedKey() throws {
        let entry = try #require(try read(6, key: Samples.preSharedKey).entries.first)
        #expect(entry.serial == "987654321" && entry.seed == Samples.seed20 && entry.digits == 8)
    }

    @Test("figure 7: a key made of the password qwerty")
    func password() throws {
        let entry = try #require(try read(7, password: Secret("qwerty".utf8)).entries.first)
        #expect(entry.seed == Samples.seed20 && entry.manufacturer == "TokenVendorAcme")
    }

    @Test("figure 8, an asymmetric key: nothing is taken")
    func asymmetric() throws {
        #expect(refusal(of: try Samples.bytes("rfc6030-figure8.xml"), key: Samples.preSharedKey) == .unsupported)
    }

    @Test("figure 9 is read, and whoever imports it is told that its signature is not checked")
    func signature() throws {
        let file = try read(9)
        #expect(file.entries.map(\.serial) == ["0755225266"])
        #expect(file.remarks == ["the file is signed; the signature was not checked"])
    }

    @Test("figure 10: several keys, in order, with their ends")
    func bulk() throws {
        let file = try read(10)
        #expect(file.entries.map(\.serial) == ["654321", "123456", "9999999", "9999999"])
        #expect(file.entries.map(\.expiresAt?.rfc3339.description).first == "2006-05-31T00:00:00.000Z")
        #expect(file.skipped.isEmpty)
    }
}
