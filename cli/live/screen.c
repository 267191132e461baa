/*
 * screen.c - see screen.h.
 *
 * Signals arrive as things to read, so that none finds the terminal half drawn, and each way out gives it
 * back.
 */
#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TAKE "\033[?1049h\033[?25l" /* the alternate screen, no cursor */
#define GIVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define END_OF_LINE "\033[K\r\n"
#define REST "\033[K\033[J"

static void say(const char *bytes, size_t length)
{
    while (length) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written <= 0)
            return; /* a terminal that is gone says so by SIGHUP */
        bytes += written;
        length -= (size_t)written;
    }
}

static void take(struct screen *screen)
{
    struct termios quiet;

    screen->echoes = tcgetattr(STDIN_FILENO, &screen->saved) == 0;
    if (screen->echoes) {
        quiet = screen->saved;
        quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
        quiet.c_cc[VMIN] = 0;
        quiet.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
    }
    say(TAKE, strlen(TAKE));
}

static void give(const struct screen *screen)
{
    say(GIVE, strlen(GIVE));
    if (screen->echoes)
        tcsetattr(STDIN_FILENO, TCSANOW, &screen->saved);
}

static void listen_to(const struct screen *screen, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(screen->fd, EPOLL_CTL_ADD, fd, &event);
}

static void fill_signals(sigset_t *set)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGWINCH, SIGTSTP};

    sigemptyset(set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(set, numbers[i]);
}

bool screen_begin(struct screen *screen)
{
    sigset_t set;

    fill_signals(&set);
    screen->fd = epoll_create1(EPOLL_CLOEXEC);
    screen->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (screen->fd < 0 || screen->signals < 0)
        return false;
    sigprocmask(SIG_BLOCK, &set, NULL);
    take(screen);
    listen_to(screen, screen->signals);
    if (screen->echoes)
        listen_to(screen, STDIN_FILENO);
    return true;
}

void screen_end(struct screen *screen)
{
    sigset_t set;

    give(screen);
    close(screen->fd);
    close(screen->signals);
    fill_signals(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Stop as the shell asks, with its screen given back; go on when it lets us. */
static void pause_here(struct screen *screen)
{
    give(screen);
    raise(SIGSTOP);
    take(screen);
}

static enum screen_event read_signal(struct screen *screen)
{
    struct signalfd_siginfo info;

    if (read(screen->signals, &info, sizeof info) != sizeof info)
        return SCREEN_NOTHING;
    if (info.ssi_signo == SIGTSTP)
        pause_here(screen);
    return info.ssi_signo == SIGTSTP || info.ssi_signo == SIGWINCH ? SCREEN_CHANGED : SCREEN_END;
}

enum screen_event screen_read(struct screen *screen)
{
    enum screen_event event = read_signal(screen);
    char key;

    while (screen->echoes && event != SCREEN_END && read(STDIN_FILENO, &key, 1) == 1)
        if (key == 'q')
            event = SCREEN_END;
    return event;
}

void screen_size(unsigned *ret_width, unsigned *ret_height)
{
    struct winsize size = {.ws_col = 0};

    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    *ret_width = size.ws_col ? size.ws_col : 80;
    *ret_height = size.ws_row ? size.ws_row : 24;
}

static unsigned count_lines(const char *text)
{
    unsigned count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* One write, so that no half of it is seen. The last line has no end, which would scroll. */
void screen_draw(const char *text, unsigned height)
{
    unsigned lines = count_lines(text);
    unsigned shown = lines > height - 1 ? height - 1 : lines;
    char *frame = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&frame, &size);

    if (!stream)
        return;
    fputs(HOME, stream);
    for (unsigned i = 0; i < shown; i++) {
        size_t length = strcspn(text, "\n");
        fwrite(text, 1, length, stream);
        fputs(END_OF_LINE, stream);
        text += length + 1;
    }
    if (lines > shown)
        fprintf(stream, "... %u more lines", lines - shown);
    fputs(REST, stream);
    if (fclose(stream) == 0)
        say(frame, size);
    free(frame);
}
