/// The members of a JSON object in the order in which they were written; no name occurs twice.
package struct JSONObject: Sendable, Equatable {
    /// One member.
    package struct Member: Sendable, Equatable {
        /// Unescaped.
        package var name: String
        package var value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }

        package static func == (left: Member, right: Member) -> Bool {
            left.name.hasSameBytes(as: right.name) && left.value == right.value
        }
    }

    /// All members, in order.
    package private(set) var members: [Member]

    /// An object without members.
    package init() { members = [] }

    /// An object without members and with room for some.
    package init(capacity: Int) {
        members = []
        members.reserveCapacity(capacity)
    }

    /// Takes members whose names the caller knows to be distinct.
    init(distinct members: [Member]) { self.members = members }

    /// Whether there are no members.
    package var isEmpty: Bool { members.isEmpty }
    /// How many members there are.
    package var count: Int { members.count }

    /// The value of a member; nil where there is none. Names are compared bytewise.
    ///
    /// Setting nil removes the member.
    package subscript(_ name: String) -> JSONValue? {
        get { index(of: name).map { members[$0].value } }
        set {
            if let newValue {
                set(name, to: newValue)
            } else if let index = index(of: name) {
                members.remove(at: index)
            }
        }
    }

    /// Replaces a member's value in its place, or appends the member.
    package mutating func set(_ name: String, to value: JSONValue) {
        if let index = index(of: name) {
            members[index].value = value
        } else {
            members.append(Member(name: name, value: value))
        }
    }

    /// Adds a member that the object does not have yet, without searching for it.
    package mutating func append(_ name: String, _ value: JSONValue) {
        assert(index(of: name) == nil, "a member name occurs once")
        members.append(Member(name: name, value: value))
    }

    /// Compact UTF-8 text with members in order.
    package func serialized() -> [UInt8] { JSONValue.object(self).serialized() }

    private func index(of name: String) -> Int? {
        members.firstIndex { $0.name.hasSameBytes(as: name) }
    }
}

extension JSONObject: Sequence {
    package func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(capacity: elements.count)
        for (name, value) in elements { set(name, to: value) }
    }
}

extension JSONObject: CustomStringConvertible, CustomReflectable {
    /// Tells the size only: values may be secrets.
    package var description: String { "JSON object of \(members.count)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
