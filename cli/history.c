/*
 * history.c - what has changed lately.
 */
#include "history.h"

#include "report_json.h"

#include <stdlib.h>

struct history {
    uint64_t last;
    struct history_event ring[HISTORY_EVENTS];
};

struct history *history_create(void)
{
    return calloc(1, sizeof(struct history));
}

void history_destroy(struct history *history)
{
    free(history);
}

static enum health_reason routable_reason(const struct directory_entry *entry,
                                          const struct health_engine *engine,
                                          const struct health_report *report)
{
    struct health_node_snapshot node;

    if (!entry->node[0] || health_node_snapshot(engine, report->subject, &node) != HEALTH_OK ||
        node.version != report->version)
        return HEALTH_REASON_NONE;
    return node.routable_reason;
}

const struct history_event *history_keep(struct history *history,
                                         const struct directory_entry *entry,
                                         const struct health_engine *engine,
                                         const struct health_report *report)
{
    struct history_event *event = &history->ring[++history->last % HISTORY_EVENTS];

    *event = (struct history_event){
        .number = history->last,
        .at_ns = report->at_ns,
        .names = *entry,
        .from = report_state_before(entry, report),
        .state = report->state,
        .reason = report->reason,
        .routable = report->routable,
        .routable_reason = (uint8_t)routable_reason(entry, engine, report),
        .version = report->version,
    };
    return event;
}

uint64_t history_first(const struct history *history)
{
    if (!history->last)
        return 0;
    return history->last < HISTORY_EVENTS ? 1 : history->last - HISTORY_EVENTS + 1;
}

uint64_t history_last(const struct history *history)
{
    return history->last;
}

const struct history_event *history_at(const struct history *history, uint64_t number)
{
    return &history->ring[number % HISTORY_EVENTS];
}
