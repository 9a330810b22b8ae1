import Foundation
import ReceiverSupport
import Testing

@testable import Transport

@Suite("Streams", .timeLimit(.minutes(1)))
struct StreamConnectionTests {
    /// Goes on until the connection is there.
    private func open(_ endpoint: StreamEndpoint, _ stream: StreamConnection) throws {
        try stream.open(endpoint, within: .seconds(20))
        while try !stream.advance() { stream.wait(until: .now + .seconds(20)) }
    }

    private func exchange(_ text: String, _ stream: StreamConnection) throws -> String {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            rest = rest.dropFirst(try stream.send(rest))
            if !rest.isEmpty { stream.wait(toSend: true, until: .now + .seconds(20)) }
        }
        var answer: [UInt8] = []
        do throws(TransportError) {
            while true {
                let octets = try stream.receive()
                answer += octets
                if octets.isEmpty { stream.wait(until: .now + .seconds(20)) }
            }
        } catch {
            #expect(error.reason == .disconnected)
        }
        return String(decoding: answer, as: UTF8.self)
    }

    @Test("octets go and come, in the clear and over TLS, and the end is told")
    func exchange() throws {
        let receiver = try LocalReceiver(tls: true)
        let stream = try #require(StreamConnection())
        let clear = StreamEndpoint(host: "127.0.0.1", port: receiver.ports.http, isTLS: false)
        let secure = StreamEndpoint(
            host: "localhost",
            port: try #require(receiver.ports.https),
            isTLS: true,
            caFile: receiver.certificate
        )
        // What is no request ends the connection after an answer to one that is.
        let text = "GET /state HTTP/1.1\r\n\r\nx\r\n\r\n"
        for endpoint in [clear, secure, clear] {
            try open(endpoint, stream)
            let answer = try exchange(text, stream)
            #expect(answer.hasPrefix("HTTP/1.1 200") && answer.contains("smppConnections"))
        }
        stream.close()
        #expect(throws: TransportError(.closed)) { try stream.receive() }
        #expect(throws: TransportError(.closed)) { try stream.send([1]) }
        #expect(throws: TransportError(.closed)) { try stream.advance() }
    }

    @Test("what a slow reader has no room for is given again from wherever it then lies", arguments: [false, true])
    func backpressure(isTLS: Bool) throws {
        let receiver = try LocalReceiver(tls: true)
        let stream = try #require(StreamConnection())
        let port = isTLS ? try #require(receiver.ports.https) : receiver.ports.http
        let certificate = receiver.certificate
        try open(StreamEndpoint(host: "localhost", port: port, isTLS: isTLS, caFile: certificate), stream)
        let body = String(repeating: "x", count: 16 << 20)
        var octets = Array("POST /sms?to=1 HTTP/1.1\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
        var (sent, waits) = (0, 0)
        receiver.pause()
        while sent < octets.count {
            let count = try stream.send(octets[sent...])
            sent += count
            guard count == 0 else { continue }
            waits += 1
            receiver.resume()
            octets.reserveCapacity(octets.capacity + 1)
            stream.wait(toSend: true, until: .now + .seconds(20))
        }
        #expect(waits > 0)
        var answer = try stream.receive()
        while answer.isEmpty {
            stream.wait(until: .now + .seconds(20))
            answer = try stream.receive()
        }
        #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 202"))
    }

    @Test("a connection is refused, or its certificate is")
    func refused() throws {
        let receiver = try LocalReceiver(tls: true)
        let stream = try #require(StreamConnection())
        let port = try #require(receiver.ports.https)
        #expect(throws: TransportError(.tlsFailed)) {
            try open(StreamEndpoint(host: "localhost", port: port, isTLS: true), stream)
        }
        receiver.end()
        #expect(throws: TransportError(.connectFailed)) {
            try open(StreamEndpoint(host: "127.0.0.1", port: port, isTLS: false), stream)
        }
        for host in ["", "a b", "a/b", "user@host", "a\u{0}"] {
            #expect(throws: TransportError(.invalidInput("host"))) {
                try stream.open(StreamEndpoint(host: host, port: 1, isTLS: false), within: .seconds(1))
            }
        }
    }

    @Test("waiting ends when it is woken, from any thread and before it began")
    func waking() throws {
        let stream = try #require(StreamConnection())
        let waker = stream.waker
        let start = ContinuousClock.now
        waker.wake()
        stream.wait(until: start + .seconds(50))
        Thread.detachNewThread { waker.wake() }
        stream.wait(until: start + .seconds(50))
        #expect(.now - start < .seconds(40))
    }

    @Test("a waker that outlives its stream does nothing")
    func lateWaking() throws {
        let waker = try #require(StreamConnection()).waker
        waker.wake()
    }
}
