#pragma once
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// From now on the kernel ends this process (SIGSYS) at the first attempt to open, look for or run a file, or to make a
// socket. 0 where that is settled.
static inline int user_tokens_forbid_files_and_network(void) {
#define USER_TOKENS_FORBID(number) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef SYS_open
        USER_TOKENS_FORBID(SYS_open),
        USER_TOKENS_FORBID(SYS_stat),
        USER_TOKENS_FORBID(SYS_lstat),
        USER_TOKENS_FORBID(SYS_access),
        USER_TOKENS_FORBID(SYS_readlink),
#endif
        USER_TOKENS_FORBID(SYS_openat),
        USER_TOKENS_FORBID(SYS_openat2),
        USER_TOKENS_FORBID(SYS_newfstatat),
        USER_TOKENS_FORBID(SYS_statx),
        USER_TOKENS_FORBID(SYS_faccessat),
        USER_TOKENS_FORBID(SYS_readlinkat),
        USER_TOKENS_FORBID(SYS_execve),
        USER_TOKENS_FORBID(SYS_execveat),
        USER_TOKENS_FORBID(SYS_socket),
        USER_TOKENS_FORBID(SYS_connect),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
#undef USER_TOKENS_FORBID
    struct sock_fprog program = {(unsigned short)(sizeof filter / sizeof filter[0]), filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
