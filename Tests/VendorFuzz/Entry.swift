import FuzzDriver
import TokenCrypto
import VendorFiles

@_cdecl("VendorFuzz_main")
func main(_ argumentCount: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    fuzz(argumentCount, arguments, read)
}

/// What libFuzzer calls for each input. The key and the password are those of RFC 6030's figures, so that sealed files
/// are read to their end.
private func read(_ bytes: [UInt8]) {
    let key = Secret((0..<8).flatMap { _ in [UInt8(0x12), 0x34, 0x56, 0x78, 0x90] }.prefix(16))
    do throws(UnreadableFile) {
        let file = try VendorFiles.read(bytes, key: key, password: Secret("qwerty".utf8))
        precondition(!file.entries.isEmpty || !file.skipped.isEmpty)
        precondition(file.entries.allSatisfy { (1...SerialNumber.longest).contains($0.serial.utf8.count) })
    } catch {
        precondition(!error.description.contains { $0.isNewline })
    }
}
