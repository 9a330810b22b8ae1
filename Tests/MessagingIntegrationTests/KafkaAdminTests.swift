import Messaging
import TestSupport
import Testing

@Suite("KafkaAdmin")
struct KafkaAdminTests {
    @Test("a topic is created once, found, and deleted once")
    func createsAndDeletes() throws {
        let cluster = try Cluster()
        let admin = try KafkaAdmin(cluster.settings())
        defer { admin.close() }
        let name = cluster.broker.uniqueName("admin")
        let spec = TopicSpec(
            name: name,
            partitions: 2,
            replicationFactor: 1,
            configuration: ["cleanup.policy": "compact"]
        )
        #expect(try admin.create([spec], timeoutMilliseconds: 10_000) == [name: .done])
        #expect(try admin.create([spec], timeoutMilliseconds: 10_000) == [name: .alreadySo])
        #expect(try admin.list(timeoutMilliseconds: 10_000)[name] == 2)
        #expect(try admin.delete([name], timeoutMilliseconds: 10_000) == [name: .done])
        #expect(try admin.delete([name], timeoutMilliseconds: 10_000) == [name: .alreadySo])
        #expect(try admin.list(timeoutMilliseconds: 10_000)[name] == nil)
    }

    @Test("a broker that is not there is an error in time")
    func noBroker() throws {
        let settings = try KafkaSettings(properties: ["bootstrap.servers": "127.0.0.1:\(try FreePort.next())"])
        let admin = try KafkaAdmin(settings)
        defer { admin.close() }
        let error = #expect(throws: KafkaError.self) { try admin.list(timeoutMilliseconds: 300) }
        #expect(error?.isRetriable == true)
    }
}
