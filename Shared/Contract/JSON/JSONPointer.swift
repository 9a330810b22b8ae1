/// JSON pointers (RFC 6901), as `details.field` names a place in a command's data.
package enum JSONPointer {
    /// The pointer of a member of what `parent` points to; the empty pointer is the whole data.
    package static func member(_ name: String, of parent: String = "") -> String {
        var pointer = parent + "/"
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": pointer += "~0"
            case "/": pointer += "~1"
            default: pointer.unicodeScalars.append(scalar)
            }
        }
        return pointer
    }

    /// The pointer of an element of the array that `parent` points to.
    package static func element(_ index: Int, of parent: String) -> String {
        parent + "/" + String(index)
    }
}
