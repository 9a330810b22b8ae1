import Contract
import SMPP
import ShortMessages
import TokenCore

extension SMPPConfiguration {
    /// A message as the submit_sm of its parts, one for most.
    ///
    /// The end of what the message is worth becomes the SMSC's `validity_period`: what it could not deliver by then, it
    /// throws away. Nil where the text has more parts than can be counted.
    /// - Parameter reference: tells the telephone which parts belong together.
    func parts(of message: DeliverableMessage, to destination: Address, reference: UInt8) -> [SubmittedMessage]? {
        let text = MessageParts(message.text)
        guard let userData = text.userData(reference: reference) else { return nil }
        var part = SubmittedMessage()
        part.source = source
        part.destination = destination
        part.dataCoding = text.coding.rawValue
        part.esmClass = userData.count > 1 ? SubmittedMessage.userDataHeader : 0
        part.registeredDelivery = wantsReceipts ? SubmittedMessage.finalReceipt : 0
        part.validityPeriod = Instant(rfc3339: message.expiresAt).flatMap { absoluteTime($0.seconds) } ?? ""
        return userData.map { octets in
            part.shortMessage = octets
            return part
        }
    }
}
