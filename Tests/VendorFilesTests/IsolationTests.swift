import Foundation
import TestSupport
import Testing

@Suite("Reading touches no other file and no network")
struct IsolationTests {
    /// 128 + SIGSYS: ended by the kernel.
    private static let forbidden: Int32 = 128 + 31

    private func probe(_ bytes: [UInt8], _ arguments: String...) throws -> (code: Int32, output: String) {
        let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let path = tests.deletingLastPathComponent().appending(path: "VendorProbe").path
        let child = try ChildProcess(path, arguments, input: bytes)
        return (try child.waitForExit(), child.outputSoFar)
    }

    @Test("the kernel does watch: a file that is opened ends the process")
    func control() throws {
        #expect(try probe([], "open").code == Self.forbidden)
    }

    @Test("every sample is read to its end")
    func samples() throws {
        for (name, bytes) in try Samples.all(in: "Samples") {
            let result = try probe(bytes)
            #expect(result.code == 0, "\(name)")
            #expect(result.output.hasPrefix("read ") || name.hasSuffix("figure8.xml"), "\(name): \(result.output)")
        }
    }

    @Test("nothing that a document names is fetched or looked for")
    func names() throws {
        let body = #"<KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc">&x;</KeyContainer>"#
        let documents = [
            #"<!DOCTYPE KeyContainer SYSTEM "file:///etc/passwd">"# + body,
            #"<!DOCTYPE KeyContainer SYSTEM "http://127.0.0.1:9/x.dtd">"# + body,
            #"<!DOCTYPE KeyContainer PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN" "docbook.dtd">"# + body,
            #"<!DOCTYPE KeyContainer [<!ENTITY x SYSTEM "file:///etc/passwd">]>"# + body,
            #"<!DOCTYPE KeyContainer [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>"# + body,
            #"<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>"# + body,
            #"<?oasis-xml-catalog catalog="file:///etc/xml/catalog"?>"# + body,
            #"<KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc" xmlns:xi="http://www.w3.org/2001/XInclude">"#
                + #"<xi:include href="/etc/passwd"/></KeyContainer>"#,
            #"<x xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a http://127.0.0.1:9/"/>"#,
        ]
        for document in documents {
            for bytes in [Array(document.utf8), Samples.utf16(document, bigEndian: true)] {
                let result = try probe(bytes)
                #expect(result.code == 0 && result.output.hasPrefix("refused: "), "\(document): \(result)")
            }
        }
    }

    @Test("no encoding makes the C library load a converter")
    func encodings() throws {
        let names = ["SHIFT_JIS", "EUC-JP", "KOI8-R", "IBM037", "UTF-7", "UTF-32", "ISO-10646-UCS-4", "windows-1252"]
        for name in names {
            let result = try probe(Array("<?xml version=\"1.0\" encoding=\"\(name)\"?><a/>".utf8))
            #expect(result.code == 0 && result.output == "refused: encoding\n", "\(name): \(result)")
        }
        for head in [[0x4C, 0x6F, 0xA7, 0x94], [0, 0, 0, 0x3C], [0x3C, 0, 0, 0], [0, 0, 0x3C, 0], [0, 0x3C, 0, 0]] {
            #expect(try probe(head.map(UInt8.init) + [UInt8](repeating: 0x40, count: 64)).code == 0, "\(head)")
        }
    }
}
