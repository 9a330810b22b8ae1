import Contract
import Testing

@Suite("JSON pointer (RFC 6901)")
struct JSONPointerTests {
    @Test(
        "a name is escaped as in section 5",
        arguments: [
            ("foo", "/foo"), ("", "/"), ("a/b", "/a~1b"), ("m~n", "/m~0n"), ("~1", "/~01"), (" ", "/ "),
            ("k\"l", "/k\"l"),
        ]
    )
    func escapes(name: String, pointer: String) {
        #expect(JSONPointer.member(name) == pointer)
    }

    @Test("pointers are built from their parents")
    func nests() {
        #expect(
            JSONPointer.member("serial", of: JSONPointer.element(3, of: JSONPointer.member("tokens")))
                == "/tokens/3/serial"
        )
    }
}
