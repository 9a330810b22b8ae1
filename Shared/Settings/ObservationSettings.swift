/// How a service is watched.
///
/// ## Settings
/// - `ADMIN_LISTEN`: `127.0.0.1:0`; port 0 takes a free one
/// - `LOG_LEVEL`: `trace`, `debug`, `info`, `notice`, `warning` or `error`; `info`
/// - `LOG_FORMAT`: `json` or `text`; `json`
package struct ObservationSettings: Hashable, Sendable {
    package enum LogLevel: String, CaseIterable, Sendable {
        case trace, debug, info, notice, warning, error
    }

    package enum LogFormat: String, CaseIterable, Sendable {
        case json, text
    }

    package let adminListen: ListenAddress
    package let logLevel: LogLevel
    package let logFormat: LogFormat

    package init(adminListen: ListenAddress, logLevel: LogLevel, logFormat: LogFormat) {
        self.adminListen = adminListen
        self.logLevel = logLevel
        self.logFormat = logFormat
    }

    package init(_ reader: inout SettingsReader) {
        let standard = ListenAddress(host: "127.0.0.1", port: 0)
        if let text = reader.optional("ADMIN_LISTEN") {
            let address = ListenAddress(text: text)
            if address == nil { reader.refuse("ADMIN_LISTEN", "address:port, the address an IPv4 or [IPv6] one") }
            adminListen = address ?? standard
        } else {
            adminListen = standard
        }
        logLevel = reader.choice("LOG_LEVEL", default: .info)
        logFormat = reader.choice("LOG_FORMAT", default: .json)
    }
}

/// A host and a port to listen on.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// Without the brackets of an IPv6 address.
    package let host: String
    /// 0 takes a free one.
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`; nil for anything else.
    package init?(text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains(" ") else { return nil }
        self.init(host: String(host), port: port)
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
