/*
 * fake_greeter.h - a server that is no Redis: says something to whoever connects, and listens no further.
 */
#ifndef HEALTHD_TESTS_FAKE_GREETER_H
#define HEALTHD_TESTS_FAKE_GREETER_H

struct fake_greeter {
    int fd;
    char address[32]; /* 127.0.0.1:PORT */
    const char *greeting;
    unsigned long thread;
};

/* `greeting` is borrowed. */
void fake_greeter_start(struct fake_greeter *greeter, const char *greeting);
void fake_greeter_stop(struct fake_greeter *greeter);

#endif
