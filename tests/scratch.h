/*
 * scratch.h - files, directories and ports of a test's own; files under /tmp, with names that nothing else has.
 *
 * Whoever makes one removes it. A machine where none can be made ends the test, with the reason.
 */
#ifndef HEALTHD_TESTS_SCRATCH_H
#define HEALTHD_TESTS_SCRATCH_H

#include <stddef.h>

#define SCRATCH_SIZE 64

/* A directory, mode 0700. `what` is part of its name. */
void scratch_directory(char path[SCRATCH_SIZE], const char *what);

/* A file that holds these bytes, mode 0600. */
void scratch_file(char path[SCRATCH_SIZE], const char *what, const void *bytes, size_t size);

/* A TCP port of the loopback that nobody has just now, and that nobody is given meanwhile who asks for any. */
int scratch_port(void);

#endif
