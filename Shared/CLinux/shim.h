#pragma once
#include <sys/prctl.h>

/* prctl is variadic, which Swift does not see. */

/* No process but root's may read this one's memory, or have it dumped. 0, or -1 with errno. */
static inline int user_tokens_forbid_dumps(void) {
    return prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}
