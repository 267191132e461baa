/*
 * screen.h - the terminal as a screen of its own, and given back as it was.
 */
#ifndef HEALTHD_CLI_LIVE_SCREEN_H
#define HEALTHD_CLI_LIVE_SCREEN_H

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

struct screen {
    int fd; /* readable when screen_read() has something to tell */
    int signals;
    bool echoes; /* standard input is a terminal whose echo was turned off */
    struct termios saved;
};

enum screen_event {
    SCREEN_NOTHING,
    SCREEN_CHANGED, /* its size, or everything on it: draw anew */
    SCREEN_END,     /* who looks at it has had enough */
};

/* Take the terminal. False: errno says why not. Signals that end or resize are told by screen_read() from
 * now on. */
bool screen_begin(struct screen *screen);
void screen_end(struct screen *screen);

/* Never waits. */
enum screen_event screen_read(struct screen *screen);

void screen_size(unsigned *ret_width, unsigned *ret_height);

/* Show lines, the first at the top; what has no room is counted in the last. The escape sequences in them
 * are the caller's. */
void screen_draw(const char *text, unsigned height);

#endif
