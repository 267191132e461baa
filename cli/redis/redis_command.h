/*
 * redis_command.h - puts together a run of the script (redis_report.lua): one cluster, some reports.
 */
#ifndef HEALTHD_CLI_REDIS_COMMAND_H
#define HEALTHD_CLI_REDIS_COMMAND_H

#include "directory.h"
#include "redis_link.h"

/* A whole cluster: itself and its nodes. */
#define REDIS_REPORTS_MAX (HEALTH_CLUSTER_NODES_MAX + 1)

/* What is the same in all commands of one reporter. */
struct redis_writer {
    const char *reporter; /* who reports */
    uint64_t epoch;
    char epoch_text[24];
    char life_ms[24];    /* of the reporter's key */
    char log_length[12]; /* of the stream */
    char *holder;        /* what the reporter's key holds; owned */
};

/* Write under this epoch from now on. False: memory is short, and nothing has changed. */
bool redis_writer_set_epoch(struct redis_writer *writer, uint64_t epoch);
void redis_writer_clear(struct redis_writer *writer);

struct redis_command {
    const struct redis_writer *writer;
    int argc;
    const char *argv[REDIS_ARGUMENTS_MAX]; /* as redis_link_run() takes it */
    char keys[4][DIRECTORY_NAME_MAX + 24];
    char field_count[12];
    unsigned reports;
    char fields[REDIS_REPORTS_MAX][DIRECTORY_NAME_MAX + 8];
    char versions[REDIS_REPORTS_MAX][12];
    char *json[REDIS_REPORTS_MAX];
};

enum redis_task { REDIS_TASK_REPORTS, REDIS_TASK_WHOLE, REDIS_TASK_GONE };

/* `cluster` is borrowed until the command is cleared; `fields` is how many the cluster's hash should have. */
void redis_command_begin(struct redis_command *command, const struct redis_writer *writer,
                         enum redis_task task, const char *cluster, unsigned fields);

/* False: memory is short. */
bool redis_command_add(struct redis_command *command, const struct directory_entry *entry,
                       const struct health_report *report);

void redis_command_clear(struct redis_command *command);

#endif
