import Glibc

/// The control port of the relay in front of an embedded broker (`deploy/broker/relay.py`).
package struct BrokerFaults: Sendable {
    let port: UInt16

    /// Which answers the relay keeps back.
    package enum Hold: String, Sendable {
        case all = "on"
        case produce
        case none = "off"
    }

    /// The relay did not do what was asked.
    package struct Refused: Error {
        package let command: String
        package let answer: String
    }

    /// Closes every connection; clients may connect again.
    package func cut() throws { try send("cut") }

    /// Closes new connections at once.
    package func refuse(_ isOn: Bool) throws { try send("refuse \(isOn ? "on" : "off")") }

    /// Lets each answer wait so long.
    package func delay(milliseconds: Int) throws { try send("delay \(milliseconds)") }

    /// Keeps answers back; what was kept goes on when the kind changes.
    package func hold(_ kind: Hold) throws { try send("hold \(kind.rawValue)") }

    private func send(_ command: String) throws {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(connection) }
        guard withLoopback(port, { connect(connection, $0, $1) }) == 0 else {
            throw Refused(command: command, answer: "no connection")
        }
        let line = Array("\(command)\n".utf8)
        _ = Glibc.send(connection, line, line.count, Int32(MSG_NOSIGNAL))
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(connection, &buffer, buffer.count, 0)
        let answer = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        guard answer == "ok\n" else { throw Refused(command: command, answer: answer) }
    }
}
