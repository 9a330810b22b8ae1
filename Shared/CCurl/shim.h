#pragma once
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

// curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are variadic; one function for each type of argument.

static inline CURLcode user_tokens_curl_easy_setopt_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode user_tokens_curl_easy_setopt_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

/// libcurl copies the string.
static inline CURLcode user_tokens_curl_easy_setopt_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

/// libcurl keeps the pointer: what it points to must outlive the transfer.
static inline CURLcode user_tokens_curl_easy_setopt_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

/// libcurl keeps the list: it must outlive the transfer.
static inline CURLcode user_tokens_curl_easy_setopt_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

typedef size_t (*user_tokens_curl_callback)(char *buffer, size_t size, size_t count, void *context);

/// For CURLOPT_READFUNCTION, CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION, which share one signature.
static inline CURLcode user_tokens_curl_easy_setopt_callback(
    CURL *easy, CURLoption option, user_tokens_curl_callback value) {
    return curl_easy_setopt(easy, option, value);
}

static inline long user_tokens_curl_easy_getinfo_long(CURL *easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

static inline curl_off_t user_tokens_curl_easy_getinfo_offset(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

static inline CURLMcode user_tokens_curl_multi_setopt_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

/// CURLMsg.data is a union.
static inline CURLcode user_tokens_curl_message_result(const CURLMsg *message) { return message->data.result; }

static inline CURLcode user_tokens_curl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

/// CURLINFO_ACTIVESOCKET; CURL_SOCKET_BAD where there is none.
static inline curl_socket_t user_tokens_curl_easy_getinfo_socket(CURL *easy) {
    curl_socket_t value = CURL_SOCKET_BAD;
    return curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &value) == CURLE_OK ? value : CURL_SOCKET_BAD;
}
