#pragma once
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

/* prctl is variadic, which Swift does not see. */

/* No process but root's may read this one's memory, or have it dumped. 0, or -1 with errno. */
static inline int user_tokens_forbid_dumps(void) {
    return prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

/* Who writes to a peer that hung up has EPIPE for it and no SIGPIPE, which would end the process: the signal goes to the
   writing thread, which is the one that calls this. */
static inline void user_tokens_block_broken_pipe_signal(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}
