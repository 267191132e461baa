/*
 * journal.c - what is logged of nodes and clusters.
 */
#include "journal.h"
#include "log.h"
#include "report_json.h"

#include <healthd/hash.h>
#include <healthd/observer.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEAT_NS (60 * HEALTH_NS_PER_S)
#define EVIDENCE_SIZE 1024
#define REMARKS_MAX 16 /* of no single node */

/* What was said last, and how often it came since without being said. */
struct repeat {
    uint64_t what; /* 0: nothing */
    uint32_t count;
    int64_t said_ns;
};

struct told {
    struct repeat probe;
    struct repeat remark;
    uint32_t failures; /* probes in a row */
    uint8_t routable;
};

struct journal {
    const struct roster *roster;
    const struct health_engine *engine;
    struct told *told; /* by node */
    struct repeat remarks[REMARKS_MAX];
    uint32_t next_remark;
};

struct journal *journal_create(const struct roster *roster, const struct health_engine *engine)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal)
        return NULL;
    journal->roster = roster;
    journal->engine = engine;
    journal->told = calloc(roster->directory.node_capacity, sizeof *journal->told);
    if (journal->told)
        return journal;
    free(journal);
    return NULL;
}

void journal_destroy(struct journal *journal)
{
    if (!journal)
        return;
    free(journal->told);
    free(journal);
}

void journal_forget(struct journal *journal, uint32_t node)
{
    journal->told[node] = (struct told){.failures = 0};
}

/* ---- Changes ---- */

static void append(char text[EVIDENCE_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(char text[EVIDENCE_SIZE], const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text + length, EVIDENCE_SIZE - length, format, arguments);
    va_end(arguments);
}

static void append_age(char text[EVIDENCE_SIZE], const char *key, int64_t age_ns)
{
    if (age_ns >= 0)
        append(text, " %s_age_ms=%lld", key, (long long)(age_ns / HEALTH_NS_PER_MS));
}

/* Which rows answered the questions, and how old each witness' word is. */
static void print_evidence(const struct health_why *why, char text[EVIDENCE_SIZE])
{
    const bool gone = why->answers[HEALTH_QUESTION_RUNNING] == HEALTH_ANSWER_NO;
    const unsigned second = gone ? HEALTH_QUESTION_CLEAN : HEALTH_QUESTION_MEMBER;

    append(text, " rules=running:%u,%s:%u", why->rules[HEALTH_QUESTION_RUNNING]->id,
           health_answer_facts[second].name, why->rules[second]->id);
    append_age(text, "probe", why->probe_age_ns);
    append_age(text, "link", why->link_age_ns);
    append_age(text, "agent", why->agent_age_ns);
    append_age(text, "view", why->view_age_ns);
    if (why->view_conf_id != HEALTH_CONF_NONE)
        append(text, " conf_id=%llu size=%u", (unsigned long long)why->view_conf_id,
               why->view_size);
    for (unsigned i = 0; i < HEALTH_NODE_FACT_COUNT; i++)
        append(text, "%s%s:%s", i ? "," : " facts=", health_node_facts[i].name,
               health_node_facts[i].values[why->facts[i]]);
}

static int priority_of_node(uint8_t state)
{
    return state == HEALTH_STATE_GREEN || state == HEALTH_STATE_RED_CLEAN ? LOG_NOTICE
                                                                          : LOG_WARNING;
}

static void tell_node(struct journal *journal, const struct directory_entry *entry,
                      const struct health_report *report)
{
    struct told *told = &journal->told[report->subject];
    uint8_t from = report_state_before(entry, report);
    bool moved = report->state != from;
    bool rerouted = report->routable != told->routable && report->state == HEALTH_STATE_GREEN;
    struct health_why why;
    char evidence[EVIDENCE_SIZE] = "";

    told->routable = report->routable;
    if (!moved && !rerouted)
        return;
    if (health_engine_why(journal->engine, report->subject, &why) == HEALTH_OK)
        print_evidence(&why, evidence);
    log_event(moved ? priority_of_node(report->state) : LOG_NOTICE, moved ? "state" : "routable",
              "cluster=%s node=%s from=%s to=%s reason=%s routable=%s version=%u%s", entry->cluster,
              entry->node, report_state_name(entry, from), report_state_name(entry, report->state),
              health_reason_name((enum health_reason)report->reason),
              report->routable == HEALTH_ANSWER_YES ? "yes" : "no", report->version, evidence);
}

/* A sign comes as a report too, with the colour unchanged: what it means is told as a fault. */
static void tell_cluster(const struct journal *journal, const struct directory_entry *entry,
                         const struct health_report *report)
{
    struct health_cluster_snapshot cluster;
    uint8_t from = report_state_before(entry, report);
    uint32_t number = report->subject - journal->roster->directory.node_capacity;

    if (report->state == from ||
        health_cluster_snapshot(journal->engine, number, &cluster) != HEALTH_OK)
        return;
    log_event(
        report->state == HEALTH_COLOUR_GREEN ? LOG_NOTICE
        : report->state == HEALTH_COLOUR_RED ? LOG_ERR
                                             : LOG_WARNING,
        "colour", "cluster=%s from=%s to=%s reason=%s green=%u expected=%u can_lose=%d version=%u",
        entry->cluster, report_state_name(entry, from), report_state_name(entry, report->state),
        health_reason_name((enum health_reason)report->reason), cluster.states[HEALTH_STATE_GREEN],
        cluster.expected, cluster.can_lose, report->version);
}

void journal_report(struct journal *journal, const struct health_report *report)
{
    const struct directory_entry *entry =
        directory_find(&journal->roster->directory, report->subject);

    if (entry && entry->node[0])
        tell_node(journal, entry, report);
    else if (entry)
        tell_cluster(journal, entry, report);
}

/* ---- What repeats ---- */

/* Is it to be told now? Gives how often it came since it was told last. */
static bool is_due(struct repeat *repeat, uint64_t what, uint32_t *ret_count)
{
    int64_t now_ns = health_clock_ns();

    if (repeat->what == what && now_ns - repeat->said_ns < REPEAT_NS) {
        repeat->count++;
        return false;
    }
    *ret_count = repeat->what == what ? repeat->count : 0;
    *repeat = (struct repeat){.what = what, .said_ns = now_ns};
    return true;
}

static void tell_failure(struct journal *journal, uint32_t node, const struct health_probe *probe)
{
    const struct directory_entry *entry = directory_find(&journal->roster->directory, node);
    struct told *told = &journal->told[node];
    uint32_t count;

    told->failures++;
    if (!is_due(&told->probe, (uint64_t)probe->error << 16 | probe->code, &count))
        return;
    log_event(LOG_WARNING, "probe", "cluster=%s node=%s error=%s code=%u rtt_ms=%lld failures=%u",
              entry->cluster, entry->node,
              health_probe_error_name((enum health_probe_error)probe->error), probe->code,
              (long long)(probe->rtt_ns / HEALTH_NS_PER_MS), told->failures);
}

void journal_observe(struct journal *journal, const struct health_observation *observation)
{
    struct told *told = &journal->told[observation->node];
    const struct directory_entry *entry =
        directory_find(&journal->roster->directory, observation->node);

    if (observation->witness != HEALTH_WITNESS_PROBE || !entry)
        return;
    if (!observation->probe.ok) {
        tell_failure(journal, observation->node, &observation->probe);
    } else if (told->failures) {
        log_event(LOG_NOTICE, "probe", "cluster=%s node=%s error=none failures=%u", entry->cluster,
                  entry->node, told->failures);
        told->failures = 0;
        told->probe = (struct repeat){.what = 0};
    }
}

/* Remarks of no single node come from several witnesses: each text is looked for. */
static struct repeat *find_remark(struct journal *journal, uint64_t what)
{
    for (uint32_t i = 0; i < REMARKS_MAX; i++)
        if (journal->remarks[i].what == what)
            return &journal->remarks[i];
    return &journal->remarks[journal->next_remark++ % REMARKS_MAX];
}

void journal_remark(struct journal *journal, uint32_t node, const char *text)
{
    const struct directory_entry *entry =
        node == HEALTH_NODE_NONE ? NULL : directory_find(&journal->roster->directory, node);
    uint64_t what = health_hash_add(HEALTH_HASH_NOTHING, text, strlen(text));
    char value[LOG_VALUE_MAX];
    uint32_t count;

    if (!is_due(entry ? &journal->told[node].remark : find_remark(journal, what), what, &count))
        return;
    log_value(value, sizeof value, text);
    if (entry)
        log_event(LOG_WARNING, "remark", "cluster=%s node=%s repeated=%u text=%s", entry->cluster,
                  entry->node, count, value);
    else
        log_event(LOG_WARNING, "remark", "repeated=%u text=%s", count, value);
}
