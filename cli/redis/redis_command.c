/*
 * redis_command.c - puts together a run of the script.
 */
#include "redis_command.h"

#include "json_value.h"
#include "report_json.h"

#include <healthd/observer.h>

#include <cjson/cJSON.h>
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

bool redis_writer_set_epoch(struct redis_writer *writer, uint64_t epoch)
{
    char digits[sizeof writer->epoch_text];
    cJSON *json = cJSON_CreateObject();

    snprintf(digits, sizeof digits, "%" PRIu64, epoch);
    cJSON_AddStringToObject(json, "reporter", writer->reporter);
    cJSON_AddRawToObject(json, "epoch", digits);
    char *holder = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    if (!holder)
        return false;
    free(writer->holder);
    writer->holder = holder;
    writer->epoch = epoch;
    snprintf(writer->epoch_text, sizeof writer->epoch_text, "%s", digits);
    return true;
}

void redis_writer_clear(struct redis_writer *writer)
{
    free(writer->holder);
    writer->holder = NULL;
}

static void give(struct redis_command *command, const char *argument)
{
    assert(command->argc < REDIS_ARGUMENTS_MAX - 2);
    command->argv[command->argc++] = argument;
}

void redis_command_begin(struct redis_command *command, const struct redis_writer *writer,
                         enum redis_task task, const char *cluster, unsigned fields)
{
    static const char *const tasks[] = {"reports", "whole", "gone"};
    static const char *const keys[] = {"state", "log", "reporter", "events"};

    command->writer = writer;
    command->argc = 0;
    command->reports = 0;
    for (int i = 0; i < 4; i++)
        snprintf(command->keys[i], sizeof command->keys[i], "healthd:{%s}:%s", cluster, keys[i]);
    snprintf(command->field_count, sizeof command->field_count, "%u", fields);
    give(command, "3");
    for (int i = 0; i < 3; i++)
        give(command, command->keys[i]);
    give(command, tasks[task]);
    give(command, writer->epoch_text);
    give(command, writer->holder);
    give(command, writer->life_ms);
    give(command, writer->log_length);
    give(command, command->keys[3]);
    give(command, cluster);
    give(command, command->field_count);
}

bool redis_command_add(struct redis_command *command, const struct directory_entry *entry,
                       const struct health_report *report)
{
    unsigned i = command->reports;
    struct health_report stamped = *report;

    assert(i < REDIS_REPORTS_MAX);
    stamped.epoch = command->writer->epoch;
    command->json[i] =
        report_json_stored(entry, &stamped, command->writer->reporter, wall_offset_ns());
    if (!command->json[i])
        return false;
    if (entry->node[0])
        snprintf(command->fields[i], sizeof command->fields[i], "node:%s", entry->node);
    else
        snprintf(command->fields[i], sizeof command->fields[i], "cluster");
    snprintf(command->versions[i], sizeof command->versions[i], "%" PRIu32, report->version);
    give(command, command->fields[i]);
    give(command, command->versions[i]);
    give(command, command->json[i]);
    command->reports++;
    return true;
}

void redis_command_clear(struct redis_command *command)
{
    for (unsigned i = 0; i < command->reports; i++)
        free(command->json[i]);
    command->reports = 0;
}
