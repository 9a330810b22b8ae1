import Contract
import FuzzDriver
import TokenCrypto

/// With `--samples FOLDER`, writes what fuzzing begins with; otherwise the command line is libFuzzer's.
@_cdecl("MessageFuzz_main")
func main(_ argumentCount: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    let path = RecordPath()
    path.prepare()
    if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--samples" {
        Samples(path).write(to: CommandLine.arguments[2])
        return 0
    }
    return fuzz(argumentCount, arguments) { input in
        guard let form = input.first else { return }
        switch form {
        case Form.json: readJSON(Array(input.dropFirst()))
        case Form.jwe: readJWE(Array(input.dropFirst()))
        default: path.read(MutatedRecord(input))
        }
    }
}

/// What an input is, by its first byte: a bare text, or a record for one of the topics.
enum Form {
    static let json: UInt8 = 0xFF
    static let jwe: UInt8 = 0xFE
}

/// What is read is written so that it reads the same.
private func readJSON(_ bytes: [UInt8]) {
    do {
        let value = try JSONParser.parse(bytes)
        let again = try JSONParser.parse(value.serialized())
        precondition(again == value)
        let canonical = CanonicalJSON.bytes(of: value)
        let canonicalAgain = CanonicalJSON.bytes(of: try JSONParser.parse(canonical))
        precondition(canonicalAgain == canonical)
    } catch {
        return
    }
}

/// Nobody but the key's holder makes a JWE that opens; with a wrong tag none does.
private func readJWE(_ bytes: [UInt8]) {
    do {
        _ = try JWE.open(bytes) { _ in
            Key(kid: "k", ring: .submission, secret: Secret([UInt8](repeating: 7, count: 32)))
        }
    } catch {
        precondition(!"\(error)".isEmpty)
    }
}
