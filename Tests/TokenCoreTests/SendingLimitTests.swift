import Testing
import TokenCore

@Suite("Sending limits")
struct SendingLimitTests {
    private typealias Limit = SendingLimits.Limit

    /// Asks, a resend apart, until refused.
    private func refusal(_ scene: inout Scene, after count: Int, every seconds: Int64 = 30) -> Rejection? {
        for _ in 0..<count {
            if let refusal = scene.request().failure { return refusal }
            scene.record.challenges = []
            scene.now = scene.now.adding(seconds: seconds)
        }
        return scene.request().failure
    }

    @Test(
        "each limit is told by name, with the time after which it lets go",
        arguments: ["user", "destination", "prefix", "tenant"]
    )
    func names(name: String) {
        var scene = Scene()
        scene.add("sms")
        let limit = [Limit(count: 3, seconds: 900)]
        scene.limits = SendingLimits(
            user: name == "user" ? limit : [],
            destination: name == "destination" ? limit : [],
            prefix: name == "prefix" ? limit : [],
            tenant: name == "tenant" ? limit : []
        )
        #expect(
            refusal(&scene, after: 3) == Rejection(.tooManyRequests, .init(limit: name, retryAfter: 810))
        )
        scene.now = Scene.start.adding(seconds: 900)
        #expect(scene.request().failure == nil)
    }

    @Test("by default a user gets five messages in 15 minutes and twenty in a day")
    func defaults() {
        var scene = Scene()
        scene.add("sms")
        scene.limits = SendingLimits()
        #expect(refusal(&scene, after: 5)?.details.limit == "user")
        var slow = Scene()
        slow.add("sms")
        slow.limits = SendingLimits()
        let refused = refusal(&slow, after: 20, every: 901)
        #expect(refused == Rejection(.tooManyRequests, .init(limit: "user", retryAfter: 86_400 - 20 * 901)))
    }

    @Test("a destination's count is one, over users")
    func destination() {
        var scene = Scene()
        scene.add("sms")
        scene.limits = SendingLimits(user: [], destination: [Limit(count: 2, seconds: 60)])
        _ = scene.request()
        var other = Scene(seed: 2, userID: "bob")
        other.add("sms")
        other.limits = scene.limits
        other.state.sends = scene.state.sends
        #expect(other.request().failure == nil)
        other.record.challenges = []
        #expect(other.request().failure?.details.limit == "destination")
    }

    @Test("countries that are not listed are blocked, for SMS alone")
    func countries() {
        var scene = Scene()
        scene.limits = SendingLimits(user: [], destination: [], countries: ["+49", "+4178"])
        let sms = scene.add("sms")
        let mail = scene.add("email")
        #expect(scene.request(token: sms).failure == Rejection(.destinationBlocked))
        #expect(scene.request(token: mail).failure == nil)
        scene.limits.countries = ["+41"]
        #expect(scene.request(token: sms).failure == nil)
    }
}
