import Foundation
import Glibc
import Testing

@testable import TokenCrypto

/// The heap is the process's, so each test has a process of its own.
@Suite("Memory of secrets")
struct SecretMemoryTests {
    @Test("a key lies in locked memory that no core dump has; what lives for a command does not")
    func locked() async {
        await #expect(processExitsWith: .success) {
            // A machine that grants no locked memory shows nothing here.
            guard SecretMemory.begin() == .locked else { return }
            let key = Secret(Array("a key that lives long".utf8), locked: true)
            let found = try flags(of: key)
            #expect(found.isSuperset(of: ["lo", "dd"]), "\(found)")
            let short = Secret([1, 2, 3])
            #expect(try !flags(of: short).contains("lo"))
            #expect(short.locked == short && short.locked !== short && key.locked === key)
            #expect(try flags(of: short.locked).contains("lo"))
        }
    }

    @Test("a key is wiped when its last owner goes, and its piece is free again")
    func wiped() async {
        await #expect(processExitsWith: .success) {
            guard SecretMemory.begin() != .absent else { return }
            var key: Secret? = Secret([UInt8](repeating: 0xA5, count: 64), locked: true)
            #expect(SecretMemory.used == 64)
            let place = try #require(key.map { $0.withBytes { UInt(bitPattern: $0.baseAddress) } })
            // The heap stays mapped; the first bytes of a free piece are the heap's own list.
            let rest = UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: place + 16), count: 48)
            #expect(rest.allSatisfy { $0 == 0xA5 })
            key = nil
            #expect(SecretMemory.used == 0)
            #expect(rest.allSatisfy { $0 == 0 })
        }
    }

    @Test(
        "where there is no room, or no heap, a key lies elsewhere, and its bytes are its bytes",
        arguments: [true, false]
    )
    func full(hasHeap: Bool) async {
        await #expect(processExitsWith: .success) { [hasHeap] in
            if hasHeap { _ = SecretMemory.begin() }
            var keys = (0..<(SecretMemory.size / 4_096 + 8)).map { number in
                Secret([UInt8](repeating: UInt8(number), count: 4_096), locked: true)
            }
            let isTheirs = keys.indices.allSatisfy { number in
                keys[number].withBytes { $0.allSatisfy { $0 == UInt8(number) } }
            }
            #expect(isTheirs)
            let large = Secret([UInt8](repeating: 7, count: SecretMemory.size), locked: true)
            #expect(large.withBytes { $0.allSatisfy { $0 == 7 } })
            keys = []
            #expect(SecretMemory.used == 0)
        }
    }

    @Test("without locked memory work goes on, and it is told")
    func unlocked() async {
        await #expect(processExitsWith: .success) {
            var none = rlimit(rlim_cur: 0, rlim_max: 0)
            try #require(setrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &none) == 0)
            // Root may lock whatever the limit is.
            #expect(SecretMemory.begin() == (geteuid() == 0 ? .locked : .unlocked))
            #expect(Secret([1, 2, 3], locked: true).withBytes { Array($0) } == [1, 2, 3])
        }
    }
}

/// The flags of the mapping that a secret lies in, as /proc/self/smaps has them.
private func flags(of secret: Secret) throws -> Set<Substring> {
    let address = secret.withBytes { UInt(bitPattern: $0.baseAddress) }
    var isInside = false
    let maps = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/smaps")).readToEnd() ?? Data()
    for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
        if let range = line.firstMatch(of: #/^([0-9a-f]+)-([0-9a-f]+) /#) {
            guard let low = UInt(range.1, radix: 16), let high = UInt(range.2, radix: 16) else { continue }
            isInside = low <= address && address < high
        } else if isInside, line.hasPrefix("VmFlags:") {
            return Set(line.split(separator: " ").dropFirst())
        }
    }
    return []
}
