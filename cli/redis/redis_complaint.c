/*
 * redis_complaint.c - what is wrong with Redis, and what to do.
 */
#include "redis_complaint.h"

#include <healthd/observer.h>

#include <stdio.h>
#include <string.h>

#define SAME_NS (60 * HEALTH_NS_PER_S)
#define OTHER_NS (10 * HEALTH_NS_PER_S)

/* Redis' error codes, anywhere in its text: before version 7 a script's errors are quoted in another. The
 * first that fits. */
static const struct advice {
    const char *code;
    const char *text;
} advices[] = {
    {"NOAUTH", "give report.redis.password_file"},
    {"WRONGPASS",
     "correct the first line of report.redis.password_file; it is read again at each try"},
    {"invalid password",
     "correct the first line of report.redis.password_file; it is read again at each try"},
    {"without any password configured", "Redis asks for none: remove report.redis.password_file"},
    {"no password is set", "Redis asks for none: remove report.redis.password_file"},
    {"NOPERM", "the user needs the rights that docs/redis.md lists"},
    {"can't run this command", "the user needs the rights that docs/redis.md lists"},
    {"OOM", "Redis has reached its maxmemory: raise it or free keys"},
    {"READONLY", "this is a replica: give the master's address in report.redis.address"},
    {"MASTERDOWN", "this is a replica without its master: give the master's address"},
    {"MISCONF", "Redis cannot save to its disk and takes no writes: see its log"},
    {"LOADING", "Redis is reading its data from disk: this passes"},
    {"BUSY", "a script keeps Redis busy: SCRIPT KILL ends it"},
    {"WRONGTYPE", "a key of healthd's holds something else: delete it"},
    {"MOVED", "a Redis Cluster's node without this slot: give the address of the node that has it"},
    {"CLUSTERDOWN", "repair the Redis Cluster"},
    {"max number of clients", "raise Redis' maxclients"},
    {"DENIED", "Redis is in protected mode: set a password there"},
    {"Connection refused", "is Redis running there?"},
};

static const char *advice_on(const char *problem)
{
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (strstr(problem, advices[i].code))
            return advices[i].text;
    return NULL;
}

static void say(const struct redis_complaint *complaint, const char *text)
{
    char line[768];
    snprintf(line, sizeof line, "%s: %s", complaint->place, text);
    complaint->remark(complaint->context, line);
}

void redis_complaint_raise(struct redis_complaint *complaint, const char *problem)
{
    int64_t now_ns = health_clock_ns();
    bool same = strncmp(complaint->said, problem, sizeof complaint->said - 1) == 0;
    const char *advice = advice_on(problem);
    char text[440];

    /* What says what to do does not wait for what did not, such as that the connection was lost. */
    bool better = advice && !advice_on(complaint->said);
    if (complaint->said[0] && !better &&
        now_ns - complaint->said_ns < (complaint->open && same ? SAME_NS : OTHER_NS))
        return;
    snprintf(complaint->said, sizeof complaint->said, "%s", problem);
    complaint->said_ns = now_ns;
    complaint->open = true;
    if (advice)
        snprintf(text, sizeof text, "%.300s (%s)", problem, advice);
    else
        snprintf(text, sizeof text, "%.300s", problem);
    say(complaint, text);
}

void redis_complaint_settle(struct redis_complaint *complaint)
{
    if (complaint->open)
        say(complaint, "works again, and has everything");
    complaint->open = false;
}
