import Foundation

/// Python's python-pskc as the vendor: told what a file shall hold, it writes one.
enum PSKCOracle {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let script = """
        import datetime, io, json, sys
        from pskc import PSKC
        written = []
        for wish in json.load(sys.stdin):
            pskc = PSKC()
            for token in wish["tokens"]:
                expiry = datetime.datetime(2031, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
                fields = dict(id=token["serial"], serial=token["serial"], secret=bytes.fromhex(token["secret"]),
                    manufacturer="Acme", model="M1", response_encoding="DECIMAL", response_length=token["digits"],
                    algorithm="urn:ietf:params:xml:ns:keyprov:pskc:" + token["kind"])
                if token["kind"] == "hotp":
                    fields["counter"] = token["counter"]
                else:
                    fields.update(time_interval=token["period"], time_drift=token["drift"], algorithm_suite="HMAC-SHA512")
                key = pskc.add_key(**fields)
                key.policy.expiry_date = expiry
            encrypted = ["secret"] + (["counter"] if wish["counters"] else [])
            if wish.get("mac"):
                pskc.mac.algorithm = wish["mac"]
            if wish.get("key"):
                pskc.encryption.setup_preshared_key(
                    key=bytes.fromhex(wish["key"]), algorithm=wish["cipher"], key_name="k", fields=encrypted)
            if wish.get("password"):
                pskc.encryption.setup_pbkdf2(wish["password"], algorithm=wish["cipher"], iterations=1234,
                    prf=wish.get("prf"), fields=encrypted)
            output = io.BytesIO()
            pskc.write(output)
            written.append(output.getvalue().decode())
        json.dump(written, sys.stdout)
        """

    struct Token: Encodable {
        let serial: String
        let secret: String
        let kind: String
        var digits = 6
        var counter = 0
        var period = 30
        var drift = 0
    }

    struct Wish: Encodable {
        let tokens: [Token]
        var cipher: String?
        var mac: String?
        var key: String?
        var password: String?
        var prf: String?
        var counters = false
    }

    /// The Python with the tests' tools: `USER_TOKENS_TOOLS`, or `.tools` in the project's root, where Tests/run puts it.
    static func write(_ wishes: [Wish]) throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let tools = ProcessInfo.processInfo.environment["USER_TOKENS_TOOLS"] ?? root.appending(path: ".tools").path
        let child = Process()
        child.executableURL = URL(filePath: "\(tools)/bin/python")
        child.arguments = ["-c", script]
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        (child.standardInput, child.standardOutput, child.standardError) = (input, output, errors)
        try child.run()
        // The child reads everything before it writes anything, so neither side waits for the other.
        try input.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(wishes))
        try input.fileHandleForWriting.close()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
        child.waitUntilExit()
        guard child.terminationStatus == 0 else {
            throw Failure(description: "python-pskc: \(String(decoding: complaint, as: UTF8.self))")
        }
        return try JSONDecoder().decode([String].self, from: answer)
    }
}
