/// Which tokens `token.list` shows, and how they are cut into pages.
package enum TokenListing {
    package struct Filter: Equatable, Sendable {
        package var status: TokenStatus?
        package var tokenType: String?
        /// A prefix of the serial number.
        package var serial: String?
        package var expiresBefore: Instant?

        package init(
            status: TokenStatus? = nil,
            tokenType: String? = nil,
            serial: String? = nil,
            expiresBefore: Instant? = nil
        ) {
            self.status = status
            self.tokenType = tokenType
            self.serial = serial
            self.expiresBefore = expiresBefore
        }

        fileprivate func admits(_ token: Token, _ effective: TokenStatus) -> Bool {
            if let status, status != effective { return false }
            if let tokenType, tokenType != token.type.name { return false }
            if let serial {
                guard let own = token.device.serial, own.utf8.starts(with: serial.utf8) else { return false }
            }
            if let expiresBefore {
                guard let end = token.times.expiresAt, end < expiresBefore else { return false }
            }
            return true
        }
    }

    /// One page in the order of ids, that is of enrolment.
    ///
    /// - Parameters:
    ///   - tokens: a user's, in any order; DELETED ones are passed over, and devices that are the user's no more.
    ///   - last: the id that the page before ended with.
    /// - Returns: the page, and the last id on it where another page follows.
    package static func page(
        _ tokens: [Token],
        _ filter: Filter,
        limit: Int,
        after last: TokenID?,
        in catalogue: TypeCatalogue,
        at now: Instant
    ) -> (page: [Token], next: TokenID?) {
        let found = tokens.filter { token in
            let status = token.effectiveStatus(in: catalogue, at: now)
            return status != .deleted && status != .unassigned && last.map { $0 < token.id } ?? true
                && filter.admits(token, status)
        }
        let page = Array(found.sorted { $0.id < $1.id }.prefix(max(1, limit)))
        return (page, page.count < found.count ? page.last?.id : nil)
    }

    /// One page of what the store found for the filter.
    ///
    /// The store knows statuses as they are written; a token that ended since is passed over here, so that a page can
    /// be shorter than its limit though another one follows.
    ///
    /// - Parameter rows: in the order of ids, after the page before; one more than `limit` where another page follows.
    package static func page(
        ofRows rows: [Token],
        _ filter: Filter,
        limit: Int,
        in catalogue: TypeCatalogue,
        at now: Instant
    ) -> (page: [Token], next: TokenID?) {
        let shown = rows.prefix(limit)
        let page = shown.filter { filter.admits($0, $0.effectiveStatus(in: catalogue, at: now)) }
        return (page, shown.count < rows.count ? shown.last?.id : nil)
    }
}

/// The place in a list where the next page begins; opaque to who asks, so that it can change.
package struct ListCursor: Equatable, Sendable {
    package let last: TokenID

    package init(after last: TokenID) {
        self.last = last
    }

    /// - Throws: `invalid_cursor` for what ``text`` never says.
    package init(_ text: String) throws(Rejection) {
        let digits = text.dropFirst()
        let high = UInt64(digits.prefix(16), radix: 16)
        let low = UInt64(digits.dropFirst(16), radix: 16)
        guard text.utf8.count == 33, let high, let low else { throw Rejection(.invalidCursor) }
        self.init(after: TokenID(UUIDValue(high: high, low: low)))
        guard self.text == text else { throw Rejection(.invalidCursor) }
    }

    package var text: String { "p" + Self.hexadecimal(last.value.high) + Self.hexadecimal(last.value.low) }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
