/*
 * child.h - a program in a process group of its own, whose end is seen through a descriptor.
 *
 * It gets nothing of ours but its standard streams, and no signal is blocked or ignored in it.
 */
#ifndef HEALTHD_CLI_CHILD_H
#define HEALTHD_CLI_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t pid; /* its own and its group's; 0: none runs */
    int fd;    /* readable when it has ended; -1: none */
};

struct child_program {
    char *const *argv;
    char *const *environment; /* "NAME=VALUE" */
    int input;                /* -1: nothing */
    int output;               /* what it says, and its complaints */
};

#define CHILD_NONE ((struct child){.fd = -1})

/* 0, or errno's number: nothing runs. */
int child_begin(struct child *child, const struct child_program *program);

/* Has it ended? Then it was waited for: its number is nobody's. */
bool child_ended(struct child *child, int *ret_status);

/* To all of its group; nothing where none runs. */
void child_signal(const struct child *child, int number);

/* End all of its group at once, and wait for it. */
void child_kill(struct child *child);

/* No more is to be seen of it, whether it runs or not. */
void child_close(struct child *child);

#endif
