import Testing
import TokenCrypto

@Suite("SecureRandom")
struct SecureRandomTests {
    /// χ² of counts that should all be equal.
    private func chiSquare(_ counts: [Int]) -> Double {
        let expected = Double(counts.reduce(0, +)) / Double(counts.count)
        return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    }

    @Test("every digit of an OTP is equally likely")
    func digitsAreUniform() {
        // Nine degrees of freedom: χ² is over 80 once in 10¹³ runs; bytes modulo 10 would give about 150.
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<70_000 {
            let code = SecureRandom.digits(6)
            #expect(code.utf8.count == 6)
            for digit in code.utf8 { counts[Int(digit) - 48] += 1 }
        }
        #expect(chiSquare(counts) < 80, "\(counts)")
    }

    @Test("a bound that does not divide 2³² favours nothing")
    func uniformIsUniform() {
        // Without drawing again the lowest third would come up half of the time.
        var counts = [0, 0, 0]
        for _ in 0..<30_000 {
            let value = SecureRandom.uniform(below: 3 << 30)
            #expect(value < 3 << 30)
            counts[Int(value >> 30)] += 1
        }
        #expect(chiSquare(counts) < 60, "\(counts)")
        #expect(SecureRandom.uniform(below: 1) == 0)
    }

    @Test("as much comes as was asked for, and never twice the same")
    func lengths() {
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.bytes(33).count == 33)
        #expect(SecureRandom.digits(100).allSatisfy { $0.isNumber })
        #expect(Set(SecureRandom.words(1_000)).count == 1_000)
        #expect(Secret.random(32) != Secret.random(32))
    }
}
