/*
 * fake_late_reset.c - getsockopt() for a test program: a reset that is there at the first look is told at the second, as if
 * it had come between the two. No peer can be made to hit that moment each time.
 */
#include "fake_late_reset.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#pragma GCC diagnostic ignored "-Wpedantic" /* a function from dlsym()'s pointer */

#define SOCKETS 1024

static atomic_bool late;
static atomic_uint kept;
static atomic_int looks[SOCKETS]; /* by descriptor */

/* Each connection that comes to stand is looked at twice. What the second look finds itself is told as it is: a look
 * takes the error away, and there is no third. */
enum look { NONE, CLEAN, RESET_KEPT };

/* The first look waits for the reset, which would otherwise come before it, between both or after. */
#define RESET_COMES_MS 200

static void await_reset(int fd)
{
    struct pollfd hung_up = {.fd = fd};
    poll(&hung_up, 1, RESET_COMES_MS);
}

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
    int *error = value;

    if (!atomic_load(&late) || level != SOL_SOCKET || name != SO_ERROR || fd < 0 || fd >= SOCKETS)
        return real(fd, level, name, value, size);
    int former = atomic_exchange(&looks[fd], NONE);
    if (former == NONE)
        await_reset(fd);
    int result = real(fd, level, name, value, size);
    if (result != 0)
        return result;
    if (former == RESET_KEPT) {
        *error = ECONNRESET;
    } else if (former == NONE && *error == ECONNRESET) {
        atomic_store(&looks[fd], RESET_KEPT);
        atomic_fetch_add(&kept, 1);
        *error = 0;
    } else if (former == NONE && *error == 0) {
        atomic_store(&looks[fd], CLEAN);
    }
    return result;
}
