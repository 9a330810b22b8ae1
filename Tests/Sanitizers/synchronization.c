// Tells Thread Sanitizer of synchronization that it does not know: Swift's runtime and libdispatch are not instrumented, and
// of C11's threads, which librdkafka uses, it has not heard. Without it every contended `Mutex`, every lazy global and every
// `DispatchSemaphore` looks like a race, and librdkafka's threads crash. Linked into the tests by Tests/sanitize: these
// definitions go before the libraries' own.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

// <sanitizer/tsan_interface.h>
void __tsan_acquire(void *address);
void __tsan_release(void *address);

static void *library(void **known, const char *name) {
    void *found = __atomic_load_n(known, __ATOMIC_RELAXED);
    if (!found) {
        found = dlsym(RTLD_NEXT, name);
        if (!found) abort();
        __atomic_store_n(known, found, __ATOMIC_RELAXED);
    }
    return found;
}

#define CALL_LIBRARY(type, name) static void *known; type *next = (type *)library(&known, name)

// Synchronization._MutexHandle. The fast paths are compiled, and instrumented, where they are used.
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
typedef __attribute__((swiftcall)) void LockSlow(uint32_t thread, __attribute__((swift_context)) void *mutex);
typedef __attribute__((swiftcall)) void UnlockSlow(__attribute__((swift_context)) void *mutex);
LockSlow lockSlow __asm__(LOCK_SLOW);
UnlockSlow unlockSlow __asm__(UNLOCK_SLOW);

__attribute__((swiftcall)) void lockSlow(uint32_t thread, __attribute__((swift_context)) void *mutex) {
    CALL_LIBRARY(LockSlow, LOCK_SLOW);
    next(thread, mutex);
    __tsan_acquire(mutex);
}

__attribute__((swiftcall)) void unlockSlow(__attribute__((swift_context)) void *mutex) {
    CALL_LIBRARY(UnlockSlow, UNLOCK_SLOW);
    __tsan_release(mutex);
    next(mutex);
}

// Globals and static properties that are made at their first use.
typedef void Once(intptr_t *predicate, void (*make)(void *), void *context);
struct Making { intptr_t *predicate; void (*make)(void *); void *context; };

static void make(void *context) {
    struct Making *making = context;
    making->make(making->context);
    __tsan_release(making->predicate);
}

void swift_once(intptr_t *predicate, void (*function)(void *), void *context) {
    CALL_LIBRARY(Once, "swift_once");
    struct Making making = {predicate, function, context};
    next(predicate, make, &making);
    __tsan_acquire(predicate);
}

typedef intptr_t Signal(void *semaphore);
typedef intptr_t Wait(void *semaphore, uint64_t timeout);

intptr_t dispatch_semaphore_signal(void *semaphore) {
    CALL_LIBRARY(Signal, "dispatch_semaphore_signal");
    __tsan_release(semaphore);
    return next(semaphore);
}

intptr_t dispatch_semaphore_wait(void *semaphore, uint64_t timeout) {
    CALL_LIBRARY(Wait, "dispatch_semaphore_wait");
    intptr_t result = next(semaphore, timeout);
    if (result == 0) __tsan_acquire(semaphore);
    return result;
}

// C11's threads by POSIX's, which the sanitizer knows. glibc's types are the same in all but the name.
static int c11(int error) {
    switch (error) {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ETIMEDOUT: return thrd_timedout;
    case ENOMEM: return thrd_nomem;
    default: return thrd_error;
    }
}

struct Start { thrd_start_t run; void *argument; };

static void *start(void *argument) {
    struct Start given = *(struct Start *)argument;
    free(argument);
    return (void *)(intptr_t)given.run(given.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t run, void *argument) {
    struct Start *given = malloc(sizeof *given);
    if (!given) return thrd_nomem;
    *given = (struct Start){run, argument};
    int error = pthread_create(thread, NULL, start, given);
    if (error) free(given);
    return c11(error);
}

int thrd_join(thrd_t thread, int *result) {
    void *value = NULL;
    int error = pthread_join(thread, &value);
    if (result) *result = (int)(intptr_t)value;
    return c11(error);
}

int thrd_detach(thrd_t thread) { return c11(pthread_detach(thread)); }

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t), "not this glibc");

int mtx_init(mtx_t *mutex, int type) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
    int error = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return c11(error);
}

void mtx_destroy(mtx_t *mutex) { pthread_mutex_destroy((pthread_mutex_t *)mutex); }
int mtx_lock(mtx_t *mutex) { return c11(pthread_mutex_lock((pthread_mutex_t *)mutex)); }
int mtx_trylock(mtx_t *mutex) { return c11(pthread_mutex_trylock((pthread_mutex_t *)mutex)); }
int mtx_unlock(mtx_t *mutex) { return c11(pthread_mutex_unlock((pthread_mutex_t *)mutex)); }
int cnd_init(cnd_t *condition) { return c11(pthread_cond_init((pthread_cond_t *)condition, NULL)); }
void cnd_destroy(cnd_t *condition) { pthread_cond_destroy((pthread_cond_t *)condition); }
int cnd_signal(cnd_t *condition) { return c11(pthread_cond_signal((pthread_cond_t *)condition)); }
int cnd_broadcast(cnd_t *condition) { return c11(pthread_cond_broadcast((pthread_cond_t *)condition)); }

int cnd_wait(cnd_t *condition, mtx_t *mutex) {
    return c11(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until) {
    return c11(pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until));
}
