import Testing

@testable import Messaging

@Suite("What is known of topics")
struct TopicCatalogueTests {
    @Test("however many names are asked for that no topic has, the broker is asked ten times a second at most")
    func manyNames() throws {
        var (catalogue, topics, questions) = (TopicCatalogue(), ["there": Int32(4)], 0)
        func count(_ topic: String, after milliseconds: Int) throws -> Int32? {
            try catalogue.partitionCount(of: topic, now: start + .milliseconds(milliseconds)) { () throws(KafkaError) in
                questions += 1
                return topics
            }
        }
        for number in 0..<1_000 { #expect(try count("absent-\(number)", after: number / 10) == nil) }
        #expect(try count("there", after: 99) == 4)
        #expect(questions == 1)
        topics["absent-7"] = 2
        #expect(try count("absent-7", after: 100) == 2)
        #expect(try count("there", after: 60_000) == 4 && questions == 2)
        #expect(try count("there", after: 60_100) == 4 && questions == 3)
    }

    private let start = ContinuousClock.now
}
