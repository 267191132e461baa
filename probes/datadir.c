/*
 * datadir.c - what a data directory says of its node's last life.
 */
#include "datadir.h"

#include "trace_private.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GRASTATE_MAX 4096
#define VALUE_MAX 40

/* The value of "key: value", of a line that has its end. False: not there, there twice, or torn. */
static bool find_value(const char *text, const char *key, char value[VALUE_MAX])
{
    size_t length = strlen(key);
    bool found = false;

    for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        if (strncmp(line, key, length) != 0 || line[length] != ':')
            continue;
        const char *from = line + length + 1;
        while (from < end && isblank((unsigned char)*from))
            from++;
        const char *to = end;
        while (to > from && isspace((unsigned char)to[-1]))
            to--;
        if (found || to == from || to - from >= VALUE_MAX)
            return false;
        snprintf(value, VALUE_MAX, "%.*s", (int)(to - from), from);
        found = true;
    }
    return found;
}

static bool parse_seqno(const char *text, int64_t *ret_seqno)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || *end || !(isdigit((unsigned char)*text) || *text == '-'))
        return false;
    *ret_seqno = value;
    return true;
}

void grastate_parse(const char *text, size_t length, struct health_grastate *ret_grastate)
{
    char value[VALUE_MAX];
    struct health_grastate grastate = {.known = true};

    *ret_grastate = (struct health_grastate){0};
    if (memchr(text, '\0', length) || !find_value(text, "uuid", value) ||
        !uuid_parse(value, &grastate.uuid) || !find_value(text, "seqno", value) ||
        !parse_seqno(value, &grastate.seqno))
        return;
    if (find_value(text, "safe_to_bootstrap", value)) /* Galera 3.19 and later */
        grastate.safe_to_bootstrap = strcmp(value, "1") == 0   ? HEALTH_ANSWER_YES
                                     : strcmp(value, "0") == 0 ? HEALTH_ANSWER_NO
                                                               : HEALTH_ANSWER_NOT_KNOWN;
    *ret_grastate = grastate;
}

static void read_grastate(int directory, struct health_grastate *ret_grastate)
{
    char text[GRASTATE_MAX + 1];
    int fd = openat(directory, "grastate.dat", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *ret_grastate = (struct health_grastate){0};
    if (fd < 0)
        return;
    ssize_t length = read(fd, text, GRASTATE_MAX);
    close(fd);
    if (length <= 0)
        return;
    text[length] = '\0';
    grastate_parse(text, (size_t)length, ret_grastate);
}

static uint8_t is_there(int directory, const char *name)
{
    struct stat status;
    if (fstatat(directory, name, &status, 0) == 0)
        return HEALTH_ANSWER_YES;
    return errno == ENOENT ? HEALTH_ANSWER_NO : HEALTH_ANSWER_NOT_KNOWN;
}

void datadir_describe(const char *datadir, struct health_heartbeat *beat)
{
    int directory = open(datadir, O_PATH | O_DIRECTORY | O_CLOEXEC);

    beat->grastate = (struct health_grastate){0};
    beat->gvwstate = HEALTH_ANSWER_NOT_KNOWN;
    beat->sst_in_progress = HEALTH_ANSWER_NOT_KNOWN;
    if (directory < 0)
        return;
    read_grastate(directory, &beat->grastate);
    beat->gvwstate = is_there(directory, "gvwstate.dat");
    beat->sst_in_progress = is_there(directory, "sst_in_progress");
    close(directory);
}
