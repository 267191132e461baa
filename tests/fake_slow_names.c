/*
 * fake_slow_names.c - getaddrinfo() for a test program that is slow for one name: "slow.invalid" takes six
 * seconds and is the loopback's; "no.such.invalid" is nobody's at once. Any other name is resolved as ever.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <time.h>

#pragma GCC diagnostic ignored "-Wpedantic" /* a function from dlsym()'s pointer */

__attribute__((visibility("default"))) /* for libraries, too */
int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(
            RTLD_NEXT, "getaddrinfo");

    if (strcmp(name, "no.such.invalid") == 0)
        return EAI_NONAME;
    if (strcmp(name, "slow.invalid") == 0) {
        const struct timespec six = {.tv_sec = 6};
        nanosleep(&six, NULL);
        name = "127.0.0.1";
    }
    return real(name, service, hints, found);
}
