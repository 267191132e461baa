/*
 * usage.c - what this process uses, as the kernel counts it.
 */
#include "usage.h"

#include <healthd/types.h>

#include <dirent.h>
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

/* All of it and what is in memory of it, in pages: the first two numbers of statm. */
static void read_memory(struct usage *usage)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    FILE *file = fopen("/proc/self/statm", "re");
    char line[128] = "";
    char *rest = line;

    if (file) {
        if (!fgets(line, sizeof line, file))
            line[0] = '\0';
        fclose(file);
    }
    usage->virtual_bytes = strtoull(rest, &rest, 10) * page;
    usage->resident_bytes = strtoull(rest, NULL, 10) * page;
}

void usage_read(struct usage *usage)
{
    struct timespec cpu = {0};
    struct rlimit limit = {0};

    read_memory(usage);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    getrlimit(RLIMIT_NOFILE, &limit);
    usage->cpu_ns = cpu.tv_sec * HEALTH_NS_PER_S + cpu.tv_nsec;
    usage->files_max = limit.rlim_cur;
}
