import Foundation

/// A folder with one file, gone with this value.
final class KeyFolder {
    private let folder: URL
    var path: String { folder.appending(path: "jwks.json").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "ut-jwks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            print("a test's folder stays: \(error)")
        }
    }

    func write(_ text: String, mode: Int = 0o644) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
}
