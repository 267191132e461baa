/*
 * fake_mysqld.c - a house of servers that misbehave to order: one process, one loop.
 */
#include "fake_mysqld.h"

#include "fake_guest.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILLERS 4

struct listener {
    struct fake_mysqld *fake;
    int keeper; /* of the port; never listens */
    int fd;     /* -1: it refuses */
    bool watched;
    int fillers[FILLERS];
};

static int loop_fd;
static struct listener *listeners;
static unsigned listener_count;
static _Atomic unsigned *poke_seen;

const char *fake_manner_name(enum fake_manner manner)
{
    static const char *const names[] = {
#define X(name) #name,
        FAKE_MANNERS(X)
#undef X
    };
    return names[manner];
}

static void take_guest(struct listener *listener)
{
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    const int yes = 1;

    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = fake_guest_take(listener->fake, fd)};
    if (event.data.ptr)
        epoll_ctl(loop_fd, EPOLL_CTL_ADD, fd, &event);
}

/* ---- Listening ---- */

static int bind_port(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        abort();
    return fd;
}

static void fill_backlog(struct listener *listener)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(listener->fake->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    listen(listener->fd, 0);
    for (unsigned i = 0; i < FILLERS; i++) {
        listener->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(listener->fillers[i], (struct sockaddr *)&address, sizeof address);
    }
}

static void empty_backlog(struct listener *listener)
{
    for (unsigned i = 0; i < FILLERS; i++)
        if (listener->fillers[i])
            close(listener->fillers[i]);
    memset(listener->fillers, 0, sizeof listener->fillers);
}

static void watch_listener(struct listener *listener, bool wanted)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = listener};
    if (wanted != listener->watched)
        epoll_ctl(loop_fd, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener->fd, &event);
    listener->watched = wanted;
}

static void obey(struct listener *listener)
{
    int manner = listener->fake->manner;

    if (manner == FAKE_REFUSES) {
        if (listener->fd >= 0) {
            watch_listener(listener, false);
            close(listener->fd);
        }
        listener->fd = -1;
        return;
    }
    if (listener->fd < 0)
        listener->fd = bind_port(listener->fake->port);
    watch_listener(listener, manner != FAKE_BACKLOG_FULL);
    if (manner == FAKE_BACKLOG_FULL && !listener->fillers[0])
        fill_backlog(listener);
    else if (manner != FAKE_BACKLOG_FULL) {
        empty_backlog(listener);
        listen(listener->fd, 512);
    }
}

static void obey_all(void)
{
    for (unsigned i = 0; i < listener_count; i++)
        obey(&listeners[i]);
    fake_guests_end();
    for (unsigned i = 0; i < listener_count; i++)
        listeners[i].fake->to_end = 0;
}

/* ---- The loop ---- */

static bool is_listener(const void *thing)
{
    return (const struct listener *)thing >= listeners &&
           (const struct listener *)thing < listeners + listener_count;
}

static _Noreturn void keep_house(int wake_fd)
{
    struct epoll_event events[64];
    struct epoll_event wake = {.events = EPOLLIN, .data.ptr = NULL};
    eventfd_t count;

    loop_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(loop_fd, EPOLL_CTL_ADD, wake_fd, &wake);
    obey_all();
    for (;;) {
        /* One at a time, since one's end may free what another event points to. */
        int found = epoll_wait(loop_fd, events, 1, fake_guests_speak());
        if (found < 1)
            continue;
        if (!events[0].data.ptr) {
            eventfd_read(wake_fd, &count);
            obey_all();
            (*poke_seen)++;
        } else if (is_listener(events[0].data.ptr)) {
            take_guest(events[0].data.ptr);
        } else {
            fake_guest_hear(events[0].data.ptr);
        }
    }
}

static void *shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

static size_t size_of(unsigned count)
{
    return count * sizeof(struct fake_mysqld) + sizeof *poke_seen;
}

/* Allow for a descriptor for each fake, and one for each of its guests. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* A second socket keeps the port while nobody listens there: else somebody could be given it meanwhile. */
static uint16_t bind_any(struct listener *listener)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    listener->keeper = bind_port(0);
    if (getsockname(listener->keeper, (struct sockaddr *)&address, &size) != 0)
        abort();
    listener->fd = bind_port(ntohs(address.sin_port));
    return ntohs(address.sin_port);
}

void fake_house_open(struct fake_house *house, unsigned count)
{
    allow_descriptors();
    house->count = count;
    house->fakes = shared(size_of(count));
    poke_seen = (_Atomic unsigned *)(house->fakes + count);
    house->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    listeners = calloc(count, sizeof *listeners);
    listener_count = count;
    for (unsigned i = 0; i < count; i++) {
        listeners[i].fake = &house->fakes[i];
        house->fakes[i].port = bind_any(&listeners[i]);
        listen(listeners[i].fd, 512);
    }
    pid_t parent = getpid();
    fflush(NULL);
    house->pid = fork();
    if (house->pid < 0)
        abort();
    if (house->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(0);
        keep_house(house->wake_fd);
    }
    for (unsigned i = 0; i < count; i++) {
        close(listeners[i].fd);
        close(listeners[i].keeper);
    }
    free(listeners);
}

void fake_house_close(struct fake_house *house)
{
    kill(house->pid, SIGKILL);
    waitpid(house->pid, NULL, 0);
    close(house->wake_fd);
    munmap(house->fakes, size_of(house->count));
}

void fake_house_poke(const struct fake_house *house)
{
    _Atomic unsigned *seen = (_Atomic unsigned *)(house->fakes + house->count);
    const struct timespec wait = {.tv_nsec = 50000};
    unsigned before = *seen;

    eventfd_write(house->wake_fd, 1);
    for (unsigned i = 0; i < 20000 && *seen == before; i++)
        nanosleep(&wait, NULL);
}

void fake_behave(const struct fake_house *house, unsigned fake, enum fake_manner manner)
{
    house->fakes[fake].manner = (int)manner;
    fake_house_poke(house);
}
