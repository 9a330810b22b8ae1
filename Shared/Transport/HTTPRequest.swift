/// One HTTP request. Redirects are not followed: a gateway's address is configuration, not the gateway's choice.
package struct HTTPRequest: Sendable {
    package let method: String
    /// `http` or `https`; printable ASCII.
    package let url: String
    package let headers: [HTTPField]
    package let body: [UInt8]
    /// PEM file of the authorities to trust; nil: the system's.
    package let caFile: String?
    /// Bounds the whole attempt, waiting for a free connection included.
    package let timeout: Duration

    package init(
        method: String,
        url: String,
        headers: [HTTPField] = [],
        body: [UInt8] = [],
        caFile: String? = nil,
        timeout: Duration
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.caFile = caFile
        self.timeout = timeout
    }

    /// - Throws: `invalidInput` for what could begin another header, request or scheme.
    func validate() throws(TransportError) {
        guard isToken(method) else { throw TransportError(.invalidInput("method")) }
        guard url.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }), url.utf8.count <= 8_000,
            url.hasPrefix("http://") || url.hasPrefix("https://")
        else { throw TransportError(.invalidInput("url")) }
        for header in headers {
            guard isToken(header.name), isOneLine(header.value), header.value.utf8.count <= 16_000 else {
                throw TransportError(.invalidInput("header"))
            }
        }
    }
}

/// A header; its value may be a secret, so it shows its name only.
package struct HTTPField: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    package var description: String { "\(name): ‹redacted›" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

/// What came back, whatever the status.
package struct HTTPResponse: Sendable {
    package let status: Int
    package let headers: [HTTPField]
    package let body: [UInt8]

    /// The first header of that name, in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
