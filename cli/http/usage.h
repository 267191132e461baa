/*
 * usage.h - what this process uses, as the kernel counts it.
 */
#ifndef HEALTHD_CLI_USAGE_H
#define HEALTHD_CLI_USAGE_H

#include <stdbool.h>
#include <stdint.h>

struct usage {
    int64_t cpu_ns;
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t files; /* open descriptors */
    uint64_t files_max;
};

/* Open descriptors cannot be asked for, only listed, and there may be ten thousand. */
struct usage_count;

/* NULL: memory is short, or /proc cannot be read. */
struct usage_count *usage_count_begin(void);

/* Go on for at most some 100 microseconds. True: call it again; else *ret_files is how many there are. */
bool usage_count_go_on(struct usage_count *count, uint64_t *ret_files);

void usage_count_end(struct usage_count *count); /* NULL is fine */

/* All but `files`, which is left alone. What cannot be read is 0. */
void usage_read(struct usage *usage);

#endif
