import Contract
import TokenCrypto

/// libFuzzer's loop.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ testOneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The name under which SwiftPM looks for an executable's `main`, instead of libFuzzer's own.
@_cdecl("MessageFuzz_main")
func main(_ argumentCount: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var (argumentCount, arguments) = (argumentCount, arguments)
    return runDriver(&argumentCount, &arguments) { start, count in testOneInput(start, count) }
}

/// What libFuzzer calls for each input: its first byte chooses the reader.
private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let choice = input.first else { return 0 }
    let bytes = [UInt8](input.dropFirst())
    switch choice % 6 {
    case 0: readJSON(bytes)
    case 1: readCommand([("content-type", Array("application/cloudevents+json".utf8))], key, bytes)
    case 2: readCommand(attributes, key, bytes)
    case 3: readCommand(headers(in: bytes), key, Array("{}".utf8))
    case 4: readCommand(attributes, bytes, Array("{}".utf8))
    default: readJWE(bytes)
    }
    return 0
}

private let key = Array("default/alice".utf8)
private let attributes: [(String, [UInt8]?)] = [
    ("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/fuzz"), ("ce_type", "usertokens.token.import.v1"),
]
.map { ($0, Array($1.utf8)) }

/// What is read is written so that it reads the same.
private func readJSON(_ bytes: [UInt8]) {
    do {
        let value = try JSONParser.parse(bytes)
        let again = try JSONParser.parse(value.serialized())
        precondition(again == value)
        _ = CanonicalJSON.bytes(of: value)
    } catch {
        return
    }
}

/// Every record is a command, or says why it is none.
private func readCommand(_ headers: [(String, [UInt8]?)], _ key: [UInt8], _ value: [UInt8]) {
    switch EnvelopeDecoder.decode(headers: headers, key: key, value: value) {
    case .command(let command):
        precondition(!command.id.isEmpty && !command.source.isEmpty)
        readContent(command.fields)
    case .refused(let undecodable):
        precondition(!undecodable.reason.rawValue.isEmpty)
    }
}

private func readContent(_ fields: FieldReader) {
    let readers: [(FieldReader) throws -> Void] = [
        { _ = try EnrollToken($0) }, { _ = try ImportTokens($0) }, { _ = try EditToken($0) },
        { _ = try SetHardwareStatus($0) }, { _ = try DefineTokenType($0) }, { _ = try EditTokenType($0) },
        { _ = try ListTokens($0) }, { _ = try VerifyOTP($0) }, { _ = try RequestOTP($0) }, { _ = try ResetToken($0) },
    ]
    for read in readers {
        do {
            try read(fields)
        } catch {
            precondition("\(error)".utf8.count < 4_096)
        }
    }
}

/// Pairs of name and value, each ended by a zero byte.
private func headers(in bytes: [UInt8]) -> [(String, [UInt8]?)] {
    let parts = bytes.split(separator: 0, maxSplits: 40, omittingEmptySubsequences: false)
    return attributes
        + stride(from: 0, to: parts.count - 1, by: 2).map { index in
            (String(decoding: parts[index], as: UTF8.self), Array(parts[index + 1]))
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
