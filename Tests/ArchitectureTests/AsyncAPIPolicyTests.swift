import Contract
import Testing
import TokenCore

@Suite("AsyncAPI document: policies")
struct AsyncAPIPolicyTests {
    private let fields: [String: [String: Any]]
    private let changeable: [String]

    init() throws {
        let document = try AsyncAPIDocument()
        fields = try document.members("Policy")
        changeable = try #require(
            (try document.schema("PolicyChange")["propertyNames"] as? [String: [String]])?["enum"]
        )
    }

    @Test("it has the code's members with the code's defaults")
    func defaults() throws {
        #expect(Set(changeable) == Set(fields.keys))
        let standard = PolicyJSON.json(TypePolicy())
        for member in standard {
            let field = try #require(fields[member.name], "\(member.name)")
            #expect(JSONValue(yaml: field["default"]) == member.value, "\(member.name)")
        }
        #expect(Set(fields.keys).subtracting(standard.map(\.name)) == ["activate", "lifetime"])
    }

    @Test(
        "it has the code's bounds",
        arguments: [
            "digits", "window", "lookAhead", "resetWindow", "challengeTtl",
            "maxAttempts", "resendAfter", "maxSends", "maxFailures", "userMaxFailures", "maxConsecutiveFailures",
            "pendingTtl", "maxPerUser", "lifetime",
        ]
    )
    func numbers(name: String) throws {
        let field = try #require(fields[name])
        let refused = try #require(refusal([name: .integer(-1)]), "\(name)")
        #expect(field["minimum"] as? Int == refused.minimum)
        #expect(field["maximum"] as? Int == refused.maximum)
    }

    @Test("lists have the code's lengths and bounds", arguments: ["lockSeconds", "expiryNotices"])
    func lists(name: String) throws {
        let field = try #require(fields[name])
        let tooMany = try #require(refusal([name: .array(Array(repeating: .integer(1), count: 1_000))]))
        #expect(field["minItems"] as? Int == tooMany.minimum)
        #expect(field["maxItems"] as? Int == tooMany.maximum)
        let tooLow = try #require(refusal([name: .array([.integer(-1)])]))
        let items = try #require(field["items"] as? [String: Any])
        #expect(items["minimum"] as? Int == tooLow.minimum)
        #expect(items["maximum"] as? Int == tooLow.maximum)
    }

    @Test("no member with bounds is left out of these tests")
    func completeness() {
        let bounded = fields.filter { $0.value["minimum"] != nil || $0.value["minItems"] != nil }
        #expect(bounded.count == 16)
        #expect(fields["period"]?["enum"] as? [Int] == TypePolicy.Bounds.periods)
    }

    private func refusal(_ policy: JSONObject) -> Rejection.Details? {
        do throws(FieldError) {
            let change = try PolicyChange(FieldReader(policy))
            do throws(Rejection) {
                _ = try change.applied(to: TypePolicy(), kind: nil)
                return nil
            } catch {
                return error.details
            }
        } catch {
            return nil
        }
    }
}

extension JSONValue {
    /// A value as YAML has it.
    fileprivate init?(yaml: Any?) {
        switch yaml {
        case let flag as Bool: self = .bool(flag)
        case let number as Int: self = .integer(Int64(number))
        case let text as String: self = .string(text)
        case let list as [Any]: self = .array(list.compactMap { JSONValue(yaml: $0) })
        default: return nil
        }
    }
}
