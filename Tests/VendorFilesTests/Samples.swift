import Foundation
import TokenCore
import TokenCrypto
import VendorFiles

/// The files beside these tests, and the seeds of RFC 4226 and RFC 6238.
enum Samples {
    static let seed20 = Array("12345678901234567890".utf8)
    static let seed32 = Array("12345678901234567890123456789012".utf8)
    /// `12345678901234567890123456789012` in hexadecimal (RFC 6030 §6.1).
    static let preSharedKey = Secret([
        0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12,
    ])

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: "Samples/\(name)")))
    }

    static func text(_ name: String) throws -> String {
        String(decoding: try bytes(name), as: UTF8.self)
    }

    /// A text as UTF-16 with its byte order mark.
    static func utf16(_ text: String, bigEndian: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        for unit in [0xFEFF] + Array(text.utf16) {
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
            bytes += bigEndian ? [high, low] : [low, high]
        }
        return bytes
    }

    /// Every file of a folder, by name.
    static func all(in name: String) throws -> [(name: String, bytes: [UInt8])] {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: name).path)
        return try files.filter { !$0.hasPrefix(".") }.sorted().map { file in
            ("\(name)/\(file)", [UInt8](try Data(contentsOf: folder.appending(path: "\(name)/\(file)"))))
        }
    }
}

extension SeedEntry {
    /// The seed's bytes; empty where it is sealed.
    var seed: [UInt8] {
        if case .clear(let secret) = secret { secret.withBytes { [UInt8]($0) } } else { [] }
    }
}

extension SeedFile {
    /// `serial code place` of each that was skipped.
    var skips: [String] { skipped.map { "\($0.serial ?? "-") \($0.code.rawValue) \($0.place)" } }
}

/// The reason for which a file is refused; nil where it is read.
func refusal(of text: String, key: Secret? = nil, password: Secret? = nil) -> UnreadableFile.Reason? {
    refusal(of: Array(text.utf8), key: key, password: password)
}

/// The reason for which a file is refused; nil where it is read.
func refusal(of bytes: [UInt8], key: Secret? = nil, password: Secret? = nil) -> UnreadableFile.Reason? {
    do throws(UnreadableFile) {
        _ = try VendorFiles.read(bytes, key: key, password: password)
        return nil
    } catch {
        return error.reason
    }
}
