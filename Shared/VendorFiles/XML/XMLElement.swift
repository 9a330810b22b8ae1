/// An element of a document, with all that is in it.
struct XMLElement {
    /// Without prefix.
    let name: String
    /// The namespace's URI; empty for none.
    let namespace: String
    /// From 1; 65,535 where it is beyond that.
    let line: Int
    fileprivate(set) var attributes: [Attribute]
    var children: [XMLElement] = []
    /// Its own text, that of children left out.
    var text = ""

    struct Attribute {
        /// Without prefix.
        let name: String
        /// Empty for none.
        let namespace: String
        let value: String
    }

    init(name: String, namespace: String, line: Int, attributes: [Attribute] = []) {
        self.name = name
        self.namespace = namespace
        self.line = line
        self.attributes = attributes
    }

    /// The value of an attribute without a prefix.
    subscript(_ attribute: String) -> String? {
        attributes.first { $0.name == attribute && $0.namespace.isEmpty }?.value
    }

    /// The children of a name, in the element's own namespace or in one of `namespaces`.
    func children(_ name: String, in namespaces: Set<String>? = nil) -> [XMLElement] {
        children.filter { child in
            child.name == name && (namespaces?.contains(child.namespace) ?? (child.namespace == namespace))
        }
    }

    /// The first child of a name, in the element's own namespace or in one of `namespaces`.
    func child(_ name: String, in namespaces: Set<String>? = nil) -> XMLElement? {
        children.first { child in
            child.name == name && (namespaces?.contains(child.namespace) ?? (child.namespace == namespace))
        }
    }
}
