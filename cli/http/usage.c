/*
 * usage.c - what this process uses, as the kernel counts it.
 */
#include "usage.h"

#include <healthd/types.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FILES_AT_ONCE 128

struct usage_count {
    DIR *folder;
    uint64_t files;
};

struct usage_count *usage_count_begin(void)
{
    struct usage_count *count = calloc(1, sizeof *count);

    if (count)
        count->folder = opendir("/proc/self/fd");
    if (count && count->folder)
        return count;
    free(count);
    return NULL;
}

/* Beside the descriptors there are "." and "..", and the one that they are read through. */
bool usage_count_go_on(struct usage_count *count, uint64_t *ret_files)
{
    for (unsigned i = 0; i < FILES_AT_ONCE; i++) {
        if (!readdir(count->folder)) {
            *ret_files = count->files > 3 ? count->files - 3 : 0;
            return false;
        }
        count->files++;
    }
    return true;
}

void usage_count_end(struct usage_count *count)
{
    if (!count)
        return;
    closedir(count->folder);
    free(count);
}

void usage_read(struct usage *usage)
{
    FILE *file = fopen("/proc/self/statm", "re");
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t pages[2] = {0};
    struct timespec cpu = {0};
    struct rlimit limit = {0};

    if (file) {
        if (fscanf(file, "%" SCNu64 " %" SCNu64, &pages[0], &pages[1]) != 2)
            pages[0] = pages[1] = 0;
        fclose(file);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    getrlimit(RLIMIT_NOFILE, &limit);
    usage->cpu_ns = cpu.tv_sec * HEALTH_NS_PER_S + cpu.tv_nsec;
    usage->virtual_bytes = pages[0] * page;
    usage->resident_bytes = pages[1] * page;
    usage->files_max = limit.rlim_cur;
}
