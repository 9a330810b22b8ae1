/// How long an SMS is, and how it is kept to two segments (3GPP TS 23.038, TS 23.040).
enum ShortMessage {
    static let maxSegments = 2

    /// Segments that the text takes: 7-bit where its alphabet allows, else UCS-2.
    static func segments(_ text: String) -> Int {
        let septets = septets(text)
        let units = septets ?? text.utf16.count
        let (single, part) = septets == nil ? (70, 67) : (160, 153)
        return units <= single ? 1 : (units + part - 1) / part
    }

    /// Fills the template so that it fits: what is in `cuttable` is shortened, in this order, and ends with `…`. The OTP
    /// is never cut: where the rest of the template alone is too long, it is cut at its end and the OTP moved ahead.
    static func fitted(
        _ template: TextTemplate,
        _ values: [TextTemplate.Variable: String],
        cuttable: [TextTemplate.Variable] = [.text, .typeName, .maskedDevice]
    ) -> String {
        var values = values
        var text = template.filled(values)
        // The real ellipsis would turn a 7-bit message into UCS-2 and halve the room.
        let ellipsis = septets(text) == nil ? "…" : "..."
        for variable in cuttable {
            guard segments(text) > maxSegments else { return text }
            guard var rest = values[variable], template.variables.contains(variable) else { continue }
            while segments(text) > maxSegments, !rest.isEmpty {
                rest.removeLast()
                values[variable] = rest + ellipsis
                text = template.filled(values)
            }
        }
        guard segments(text) > maxSegments else { return text }
        let otp = values[.otp] ?? ""
        var rest = text
        while segments(rest + ellipsis) > maxSegments, !rest.isEmpty { rest.removeLast() }
        if otp.isEmpty || rest.contains(otp) { return rest + ellipsis }
        rest = text
        while segments("\(otp) \(rest)\(ellipsis)") > maxSegments, !rest.isEmpty { rest.removeLast() }
        return "\(otp) \(rest)\(ellipsis)"
    }

    /// nil where a character is outside the 7-bit default alphabet and its extension.
    private static func septets(_ text: String) -> Int? {
        var count = 0
        for scalar in text.unicodeScalars {
            if basic.contains(scalar) {
                count += 1
            } else if extended.contains(scalar) {
                count += 2
            } else {
                return nil
            }
        }
        return count
    }

    private static let basic = Set(
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
            + "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà").unicodeScalars
    )
    private static let extended = Set("\u{0C}^{}\\[~]|€".unicodeScalars)
}
