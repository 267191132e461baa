/*
 * fake_late_reset.c - getsockopt() for a test program: a reset that is there at the first look is told at the second, as if
 * it had come between the two. No peer can be made to hit that moment each time.
 */
#include "fake_late_reset.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#pragma GCC diagnostic ignored "-Wpedantic" /* a function from dlsym()'s pointer */

#define SOCKETS 1024

static atomic_bool late;
static atomic_uint kept;
static atomic_bool waits[SOCKETS]; /* by descriptor: a reset that is not told yet */

void fake_late_reset(void)
{
    atomic_store(&late, true);
}

unsigned fake_late_resets(void)
{
    return atomic_load(&kept);
}

__attribute__((visibility("default"))) /* for libraries, too */
int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict size)
{
    int (*real)(int, int, int, void *, socklen_t *) =
        (int (*)(int, int, int, void *, socklen_t *))dlsym(RTLD_NEXT, "getsockopt");
    int result = real(fd, level, name, value, size);
    int *error = value;

    if (result != 0 || level != SOL_SOCKET || name != SO_ERROR || fd < 0 || fd >= SOCKETS)
        return result;
    if (atomic_exchange(&waits[fd], false)) {
        *error = ECONNRESET;
    } else if (atomic_load(&late) && *error == ECONNRESET) {
        atomic_store(&waits[fd], true);
        atomic_fetch_add(&kept, 1);
        *error = 0;
    }
    return result;
}
