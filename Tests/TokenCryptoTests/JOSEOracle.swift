import Foundation

/// Python's joserfc as a second opinion, run as a child process: one JSON document in, one out.
enum JOSEOracle {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let script = """
        import json, sys
        from joserfc import jwe, jwk
        registry = ["dir", "A256KW", "A256GCM"]
        asked = json.load(sys.stdin)
        keys = jwk.KeySet.import_key_set(asked["keys"])
        by_kid = {key.kid: key for key in keys.keys}
        opened = []
        for message in asked["messages"]:
            head = jwe.decrypt_compact(message["jwe"], by_kid[message["kid"]], algorithms=registry)
            opened.append({"plaintext": head.plaintext.hex(), "header": head.protected})
        sealed = []
        for text in asked["plaintexts"]:
            header = {"alg": text["alg"], "enc": "A256GCM", "kid": text["kid"]}
            sealed.append(
                jwe.encrypt_compact(header, bytes.fromhex(text["hex"]), by_kid[text["kid"]], algorithms=registry))
        json.dump({"opened": opened, "sealed": sealed}, sys.stdout)
        """

    struct Question: Encodable {
        struct Message: Encodable {
            let jwe: String
            let kid: String
        }
        struct Plaintext: Encodable {
            let alg: String
            let kid: String
            let hex: String
        }
        var keys: KeySet
        var messages: [Message] = []
        var plaintexts: [Plaintext] = []
    }

    struct KeySet: Codable {
        var keys: [[String: String]]
    }

    struct Answer: Decodable {
        struct Opened: Decodable {
            let plaintext: String
            let header: [String: String]
        }
        let opened: [Opened]
        let sealed: [String]
    }

    /// The Python with the tests' tools: `USER_TOKENS_TOOLS`, or `.tools` in the project's root, where Tests/run puts it.
    static func ask(_ question: Question) throws -> Answer {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let tools = ProcessInfo.processInfo.environment["USER_TOKENS_TOOLS"] ?? root.appending(path: ".tools").path
        let python = "\(tools)/bin/python"
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Failure(description: "no \(python): run Tests/run, which installs the tests' tools")
        }
        let child = Process()
        child.executableURL = URL(filePath: python)
        child.arguments = ["-c", script]
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        (child.standardInput, child.standardOutput, child.standardError) = (input, output, errors)
        try child.run()
        // The child reads everything before it writes anything, so neither side waits for the other.
        try input.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(question))
        try input.fileHandleForWriting.close()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
        child.waitUntilExit()
        guard child.terminationStatus == 0 else {
            let text = String(decoding: complaint, as: UTF8.self)
            let hint = text.contains("No module named") ? "; run Tests/run, which installs the tests' tools" : ""
            throw Failure(description: "joserfc: \(text)\(hint)")
        }
        return try JSONDecoder().decode(Answer.self, from: answer)
    }
}
