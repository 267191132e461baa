/*
 * maintenance.c - who is out of service for maintenance.
 */
#include "maintenance.h"

#include "durable_file.h"
#include "log.h"
#include "maintenance_text.h"
#include "wall_time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct maintenance {
    struct maintenance_entry *first;
    struct durable_file *file; /* NULL: in memory only */
    int file_error;            /* as it was told last */
    struct maintenance_entry *of[];
};

/* ---- The file ---- */

static const struct durable_form form = {maintenance_copy_print, free};

static void save(struct maintenance *maintenance)
{
    struct maintenance_copy *copy;

    if (!maintenance->file)
        return;
    copy = maintenance_copy(maintenance->first);
    if (copy)
        durable_file_write(maintenance->file, copy);
    else
        log_event(LOG_ERR, "maintenance", "text=\"memory is short: it was not written down\"");
}

static void refuse_file(const char *path, const char *problem)
{
    char value[LOG_VALUE_MAX];
    char text[LOG_VALUE_MAX];

    snprintf(text, sizeof text,
             "%s: %s; who was in maintenance is not known, and what is set now is kept in memory "
             "only: mend or remove the file and restart",
             path, problem);
    log_event(LOG_ERR, "maintenance", "key=http.maintenance_file text=%s",
              log_value(value, sizeof value, text));
}

/* False: the file is there and cannot be used. */
static bool load(struct maintenance *maintenance, const char *path)
{
    char problem[MAINTENANCE_PROBLEM_SIZE];
    int error;
    char *text = durable_file_read(path, &error);

    if (!text && error == ENOENT)
        return true;
    if (!text)
        snprintf(problem, sizeof problem, "%s", strerror(error));
    bool good = text && maintenance_parse(text, &maintenance->first, problem);
    if (!good)
        refuse_file(path, problem);
    free(text);
    return good;
}

void maintenance_mind_file(struct maintenance *maintenance)
{
    int error = maintenance->file ? durable_file_error(maintenance->file) : 0;

    if (error == maintenance->file_error)
        return;
    maintenance->file_error = error;
    if (error)
        log_event(LOG_ERR, "maintenance",
                  "key=http.maintenance_file text=\"it cannot be written: %s; a restart would "
                  "forget the latest; tried again each second\"",
                  strerror(error));
    else
        log_event(LOG_NOTICE, "maintenance",
                  "key=http.maintenance_file text=\"it is written again\"");
}

/* ---- Life ---- */

struct maintenance *maintenance_create(uint32_t nodes, const char *path)
{
    struct maintenance *maintenance =
        calloc(1, sizeof *maintenance + (size_t)nodes * sizeof maintenance->of[0]);

    if (!maintenance || !path || !load(maintenance, path))
        return maintenance;
    maintenance->file = durable_file_create(path, &form);
    if (maintenance->file)
        return maintenance;
    maintenance_destroy(maintenance, 0);
    return NULL;
}

void maintenance_destroy(struct maintenance *maintenance, int patience_ms)
{
    if (!maintenance)
        return;
    durable_file_destroy(maintenance->file, patience_ms);
    maintenance_free(maintenance->first);
    free(maintenance);
}

/* ---- Who ---- */

const struct maintenance_entry *maintenance_of(const struct maintenance *maintenance, uint32_t node)
{
    return maintenance->of[node];
}

bool maintenance_is_kept(const struct maintenance *maintenance)
{
    return maintenance->file && durable_file_error(maintenance->file) == 0;
}

const struct maintenance_entry *maintenance_begin(struct maintenance *maintenance,
                                                  const struct directory_entry *names,
                                                  uint32_t node,
                                                  const struct maintenance_wish *wish)
{
    struct maintenance_entry *entry = maintenance->of[node];

    if (!entry) {
        entry = calloc(1, sizeof *entry);
        if (!entry)
            return NULL;
        *entry = (struct maintenance_entry){
            .next = maintenance->first, .since_ns = wall_time_now_ns(), .number = node};
        memcpy(entry->cluster, names->cluster, sizeof entry->cluster);
        memcpy(entry->node, names->node, sizeof entry->node);
        maintenance->first = maintenance->of[node] = entry;
    }
    snprintf(entry->reason, sizeof entry->reason, "%s", wish->reason);
    entry->until_ns = wish->until_ns;
    save(maintenance);
    return entry;
}

void maintenance_end(struct maintenance *maintenance, const struct maintenance_entry *entry)
{
    struct maintenance_entry **link = &maintenance->first;

    while (*link != entry)
        link = &(*link)->next;
    struct maintenance_entry *ended = *link;
    *link = ended->next;
    if (ended->number != HEALTH_NODE_NONE)
        maintenance->of[ended->number] = NULL;
    free(ended);
    save(maintenance);
}

const struct maintenance_entry *maintenance_claim(struct maintenance *maintenance,
                                                  const struct directory_entry *names,
                                                  uint32_t node)
{
    struct maintenance_entry *entry = maintenance->first;

    while (entry &&
           (strcmp(entry->cluster, names->cluster) != 0 || strcmp(entry->node, names->node) != 0))
        entry = entry->next;
    if (entry)
        entry->number = node;
    return maintenance->of[node] = entry;
}

void maintenance_release(struct maintenance *maintenance, uint32_t node)
{
    if (maintenance->of[node])
        maintenance->of[node]->number = HEALTH_NODE_NONE;
    maintenance->of[node] = NULL;
}

const struct maintenance_entry *maintenance_unclaimed(const struct maintenance *maintenance)
{
    const struct maintenance_entry *entry = maintenance->first;
    while (entry && entry->number != HEALTH_NODE_NONE)
        entry = entry->next;
    return entry;
}

const struct maintenance_entry *maintenance_due(const struct maintenance *maintenance,
                                                int64_t wall_ns)
{
    const struct maintenance_entry *entry = maintenance->first;
    while (entry && (!entry->until_ns || entry->until_ns > wall_ns))
        entry = entry->next;
    return entry;
}
