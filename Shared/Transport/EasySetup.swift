import CCurl

/// Sets options of an easy handle and remembers whether all of them were accepted.
struct EasySetup {
    let easy: UnsafeMutableRawPointer
    private(set) var isAccepted = true

    init(easy: UnsafeMutableRawPointer) {
        self.easy = easy
    }

    mutating func long(_ option: CURLoption, _ value: Int) {
        note(user_tokens_curl_easy_setopt_long(easy, option, value))
    }

    mutating func offset(_ option: CURLoption, _ value: Int) {
        note(user_tokens_curl_easy_setopt_offset(easy, option, curl_off_t(value)))
    }

    /// A string with a NUL in it would be cut there unseen: refused.
    mutating func string(_ option: CURLoption, _ value: String) {
        guard !value.utf8.contains(0) else {
            isAccepted = false
            return
        }
        note(user_tokens_curl_easy_setopt_string(easy, option, value))
    }

    mutating func pointer(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
        note(user_tokens_curl_easy_setopt_pointer(easy, option, value))
    }

    mutating func list(_ option: CURLoption, _ value: UnsafeMutablePointer<curl_slist>?) {
        guard let value else {
            isAccepted = false
            return
        }
        note(user_tokens_curl_easy_setopt_list(easy, option, value))
    }

    mutating func callback(_ option: CURLoption, _ value: @escaping user_tokens_curl_callback) {
        note(user_tokens_curl_easy_setopt_callback(easy, option, value))
    }

    private mutating func note(_ code: CURLcode) {
        if code != CURLE_OK { isAccepted = false }
    }
}
