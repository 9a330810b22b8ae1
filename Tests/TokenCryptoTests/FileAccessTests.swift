import Foundation
import Glibc
import Testing

@testable import TokenCrypto

@Suite("Who may touch a file")
struct FileAccessTests {
    private static let (root, service, other): (uid_t, uid_t, uid_t) = (0, 990, 1_000)
    private static let closed: mode_t = 0o755

    private func refusal(_ access: FileAccess, _ mode: mode_t, of owner: uid_t, by user: uid_t) -> String? {
        access.refusal(mode: S_IFREG | mode, owner: owner, folder: Self.closed, user: user)
    }

    @Test("a secret is its owner's, who runs the program", arguments: [0o600, 0o400, 0o700] as [mode_t])
    func own(mode: mode_t) {
        #expect(refusal(.secret, mode, of: Self.service, by: Self.service) == nil)
        #expect(refusal(.secret, mode, of: Self.other, by: Self.service) == "belongs to another user")
        #expect(refusal(.secret, mode, of: Self.other, by: Self.root) == nil, "root works for others")
    }

    @Test(
        "no bit of a group's or of others is let through",
        arguments: [0o040, 0o020, 0o010, 0o004, 0o002, 0o001] as [mode_t]
    )
    func loose(bit: mode_t) {
        for user in [Self.service, Self.root] {
            #expect(refusal(.secret, 0o600 | bit, of: Self.service, by: user)?.contains("0600") == true)
        }
    }

    @Test("root may let a group read a secret, as it is mounted, and do no more")
    func mounted() {
        for user in [Self.service, Self.root] {
            for mode: mode_t in [0o440, 0o640, 0o400] {
                #expect(refusal(.secret, mode, of: Self.root, by: user) == nil)
            }
            for mode: mode_t in [0o444, 0o644, 0o460, 0o450, 0o441, 0o442] {
                #expect(refusal(.secret, mode, of: Self.root, by: user) != nil, "\(String(mode, radix: 8))")
            }
        }
    }

    @Test("a public file may be anybody's and read by all, but not written by all")
    func readable() {
        for mode: mode_t in [0o644, 0o664, 0o444, 0o600] {
            #expect(refusal(.readable, mode, of: Self.other, by: Self.service) == nil)
        }
        #expect(refusal(.readable, 0o646, of: Self.service, by: Self.service) == "anybody may write it")
    }

    @Test(
        "a folder where others may put another file is refused, unless it is sticky",
        arguments: [FileAccess.secret, .readable]
    )
    func folder(access: FileAccess) {
        func refusal(_ folder: mode_t) -> String? {
            access.refusal(mode: S_IFREG | 0o600, owner: Self.service, folder: folder, user: Self.service)
        }
        #expect(refusal(0o777)?.contains("folder") == true && refusal(0o702)?.contains("folder") == true)
        for mode: mode_t in [0o700, 0o755, 0o775, 0o1777] { #expect(refusal(mode) == nil) }
    }

    @Test("only a regular file is read", arguments: [S_IFDIR, S_IFIFO, S_IFCHR, S_IFSOCK, S_IFLNK])
    func kinds(kind: mode_t) {
        for access in [FileAccess.secret, .readable] {
            #expect(
                access.refusal(mode: kind | 0o600, owner: Self.service, folder: Self.closed, user: Self.service)
                    == "no regular file"
            )
        }
    }

    @Test("a link is followed: what counts is the file that it leads to, and that file's folder")
    func links() throws {
        let folder = try TemporaryFolder()
        try folder.write("secret", "target")
        try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "target")
        try FileAccess.secret.check(folder.path("link"), name: "X")
        #expect(chmod(folder.path("target"), 0o604) == 0)
        #expect(throws: KeysError.self) { try FileAccess.secret.check(folder.path("link"), name: "X") }
        #expect(chmod(folder.path("target"), 0o600) == 0)

        #expect(mkdir(folder.path("open"), 0o700) == 0)
        try folder.write("secret", "open/target")
        try FileManager.default.createSymbolicLink(atPath: folder.path("there"), withDestinationPath: "open/target")
        try FileAccess.secret.check(folder.path("there"), name: "X")
        #expect(chmod(folder.path("open"), 0o777) == 0)
        let error = #expect(throws: KeysError.self) { try FileAccess.secret.check(folder.path("there"), name: "X") }
        #expect(error?.description.hasPrefix("X \(folder.path("there")): anybody may replace it") == true)
    }
}
