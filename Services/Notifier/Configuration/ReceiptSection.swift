import Yams

/// `receipts:` of a gateway.
extension ProviderSection {
    func readReceipts(_ reader: inout ConfigurationReader) -> ReceiptRules? {
        let place = "\(path).receipts"
        let keys: Set = ["tokenFile", "signature", "idPointer", "statusPointer", "delivered", "failed"]
        guard let node = node.mapping?["receipts"], let mapping = reader.mapping(node, place, keys: keys) else {
            return nil
        }
        guard (mapping["tokenFile"] == nil) != (mapping["signature"] == nil) else {
            reader.refuse(node, place, "exactly one of tokenFile and signature is needed")
            return nil
        }
        let proof: ReceiptRules.Proof? =
            mapping["signature"] == nil
            ? reader.secretFile(mapping, "tokenFile", place).map { .token($0) }
            : readSignature(mapping, place, &reader).map { .signature($0) }
        guard let proof else { return nil }
        var rules = ReceiptRules(proof: proof)
        if let pointer = reader.pointer(mapping, "idPointer", place) { rules.idPointer = pointer }
        if let pointer = reader.pointer(mapping, "statusPointer", place) { rules.statusPointer = pointer }
        if let words = reader.strings(mapping, "delivered", place) { rules.delivered = Set(words) }
        if let words = reader.strings(mapping, "failed", place) { rules.failed = Set(words) }
        if self.node.mapping?["idPointer"] == nil, self.node.mapping?["idPattern"] == nil {
            reader.refuse(node, place, "needs the gateway's idPointer or idPattern: receipts name messages by that id")
        }
        return rules
    }

    private func readSignature(
        _ mapping: Node.Mapping,
        _ place: String,
        _ reader: inout ConfigurationReader
    ) -> ReceiptRules.BodySignature? {
        let place = "\(place).signature"
        let keys: Set = ["header", "algorithm", "encoding", "secretFile", "prefix"]
        guard let node = mapping["signature"], let inner = reader.mapping(node, place, keys: keys) else { return nil }
        let header = reader.required(inner, "header", in: node, place)
        let algorithm = reader.choice(inner, "algorithm", default: ReceiptRules.BodySignature.Algorithm.sha256, place)
        let encoding = reader.choice(inner, "encoding", default: ReceiptRules.BodySignature.Encoding.hex, place)
        let prefix = reader.string(inner, "prefix", place) ?? ""
        if inner["secretFile"] == nil { reader.refuse(node, "\(place).secretFile", "required") }
        guard let secret = reader.secretFile(inner, "secretFile", place), let header else { return nil }
        return ReceiptRules.BodySignature(
            header: header.lowercased(),
            algorithm: algorithm,
            encoding: encoding,
            secret: secret,
            prefix: prefix
        )
    }
}
