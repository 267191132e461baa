/*
 * prober_ask.c - the questions of a probe, one after the other, and what their answers say.
 */
#include "prober_private.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

#define LIGHT_SQL "DO 1"
#define STATUS_SQL "SHOW GLOBAL STATUS LIKE 'wsrep\\_%'"
#define NAMES_SQL \
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_reject_queries', 'wsrep_desync', " \
    "'read_only', 'wsrep_sst_donor_rejects_queries', 'pxc_maint_mode')"
#define MEMBERS_SQL "SELECT node_uuid, node_name FROM mysql.wsrep_cluster_members"

static void ask(struct probed *probed, enum probe_stage stage);

/* ---- Rows ---- */

static void take_status(void *context, const char *const *texts, unsigned columns)
{
    struct probed *probed = context;
    if (columns >= 2 && texts[0] && texts[1] && view_take_status(&probed->view, texts[0], texts[1]))
        probed->has_view = true;
}

static void take_name(void *context, const char *const *texts, unsigned columns)
{
    struct probed *probed = context;

    for (unsigned i = 0; i < VIEW_VARIABLE_COUNT && columns >= 2 && texts[0]; i++)
        if (strcmp(texts[0], view_variable_names[i]) == 0) {
            probed->standing.has[i] = true;
            view_take_variable(&probed->view, (enum view_variable)i, texts[1]);
        }
}

/* The question for the values of those variables that are there. */
static void compose_variables(struct standing *standing)
{
    size_t length = 0;

    standing->names_known = true;
    standing->variables_sql[0] = '\0';
    for (unsigned i = 0; i < VIEW_VARIABLE_COUNT; i++)
        if (standing->has[i])
            length += (size_t)snprintf(standing->variables_sql + length,
                                       sizeof standing->variables_sql - length, "%s@@global.%s",
                                       length ? ", " : "SELECT ", view_variable_names[i]);
}

static void take_values(void *context, const char *const *texts, unsigned columns)
{
    struct probed *probed = context;
    unsigned column = 0;

    for (unsigned i = 0; i < VIEW_VARIABLE_COUNT && column < columns; i++)
        if (probed->standing.has[i])
            view_take_variable(&probed->view, (enum view_variable)i, texts[column++]);
}

static void take_member(void *context, const char *const *texts, unsigned columns)
{
    struct probed *probed = context;
    const struct health_prober_options *options = &probed->prober->options;
    struct health_view *view = &probed->view;
    struct health_member member = {.node = HEALTH_NODE_NONE};

    if (view->member_count >= HEALTH_CLUSTER_NODES_MAX || columns < 2 || !texts[0] ||
        !uuid_parse(texts[0], &member.gcomm_uuid))
        return;
    if (texts[1] && options->member)
        member.node = options->member(options->context, probed->node, texts[1]);
    view->members = probed->members;
    probed->members[view->member_count++] = member;
}

/* ---- Questions ---- */

/* An answer is in: go on to the next question, or end. */
static void answered(struct probed *probed)
{
    struct standing *standing = &probed->standing;

    switch (probed->stage) {
    case PROBE_ASKS_STATUS:
        standing->galera = probed->has_view;
        if (!standing->galera)
            probed_finish_well(probed);
        else
            ask(probed, standing->names_known ? PROBE_ASKS_VARIABLES : PROBE_ASKS_NAMES);
        break;
    case PROBE_ASKS_NAMES:
    case PROBE_ASKS_VARIABLES:
        if (probed->stage == PROBE_ASKS_NAMES)
            compose_variables(standing);
        if (standing->members_barred)
            probed_finish_well(probed);
        else
            ask(probed, PROBE_ASKS_MEMBERS);
        break;
    case PROBE_ASKS_MEMBERS:
    case PROBE_ASKS_LIGHT:
    case PROBE_RESTS:
    case PROBE_CONNECTS:
        probed_finish_well(probed);
        break;
    }
}

/* A question failed. Where the view itself is in, what else was asked for may be missing. */
static void question_failed(struct probed *probed)
{
    struct client_failure failure;

    client_failed(probed->standing.client, &failure);
    if (client_failure_is_fatal(&failure)) {
        /* Ask again at once; but a server that ends each connection must not be hammered. */
        probed->lost = probed->last_error == HEALTH_PROBE_NONE;
        link_lost(probed, &failure);
        probed_finish(probed, &failure);
        return;
    }
    if (probed->stage == PROBE_ASKS_LIGHT || probed->stage == PROBE_ASKS_STATUS) {
        probed_finish(probed, &failure);
        return;
    }
    /* A node that is not ready keeps its tables to itself for the time being (1047). */
    if (probed->stage == PROBE_ASKS_MEMBERS && failure.error != HEALTH_PROBE_NOT_READY)
        probed->standing.members_barred = true;
    probed_finish_well(probed);
}

static void take_step(struct probed *probed, enum client_step step)
{
    switch (step) {
    case CLIENT_WAITS_TO_READ: /* which is always watched */
        break;
    case CLIENT_WAITS_TO_WRITE:
        link_await_writable(probed);
        break;
    case CLIENT_DONE:
        answered(probed);
        break;
    case CLIENT_FAILED:
        question_failed(probed);
        break;
    }
}

void probed_go_on(struct probed *probed, bool to_write)
{
    take_step(probed, client_go_on(probed->standing.client, to_write));
}

static void ask(struct probed *probed, enum probe_stage stage)
{
    static const struct {
        const char *sql;
        client_take *take;
    } questions[] = {
        [PROBE_ASKS_LIGHT] = {LIGHT_SQL, NULL},
        [PROBE_ASKS_STATUS] = {STATUS_SQL, take_status},
        [PROBE_ASKS_NAMES] = {NAMES_SQL, take_name},
        [PROBE_ASKS_VARIABLES] = {NULL, take_values},
        [PROBE_ASKS_MEMBERS] = {MEMBERS_SQL, take_member},
    };
    const char *sql = questions[stage].sql;

    probed->stage = stage;
    if (!sql)
        sql = probed->standing.variables_sql;
    if (!*sql) { /* none of the variables is there */
        answered(probed);
        return;
    }
    take_step(probed, client_ask(probed->standing.client, sql, questions[stage].take, probed));
}

void probed_ask_first(struct probed *probed)
{
    probed->has_view = false;
    view_clear(&probed->view);
    if (probed->full)
        link_make_way(probed);
    probed->prober->counters.full += probed->full;
    probed->prober->counters.light += !probed->full;
    ask(probed, probed->full ? PROBE_ASKS_STATUS : PROBE_ASKS_LIGHT);
}
