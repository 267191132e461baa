/*
 * prober_ask.c - the questions of a probe, one after the other, and what their answers say.
 */
#include "prober_private.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

#define LIGHT_SQL "DO 1"
#define STATUS_NAME(name) ", 'wsrep_" #name "'"
#define STATUS_SQL "SHOW GLOBAL STATUS WHERE Variable_name IN (''" VIEW_STATUS(STATUS_NAME) ")"
#define VARIABLE_NAME(id, name) ", '" name "'"
#define NAMES_SQL \
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN (''" VIEW_VARIABLES(VARIABLE_NAME) ")"
#define MEMBERS_SQL "node_uuid, node_name FROM mysql.wsrep_cluster_members"

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

/* The questions for the values of those variables that are there: alone, and in each row of the member
 * list, which spares a round trip. */
static void compose_questions(struct standing *standing)
{
    char list[sizeof standing->values_sql - 8] = "";
    size_t length = 0;

    for (unsigned i = 0; i < VIEW_VARIABLE_COUNT; i++)
        if (standing->has[i])
            length += (size_t)snprintf(list + length, sizeof list - length, "%s@@global.%s",
                                       length ? ", " : "", view_variable_names[i]);
    if (length)
        snprintf(standing->values_sql, sizeof standing->values_sql, "SELECT %s", list);
    snprintf(standing->members_sql, sizeof standing->members_sql, "SELECT %s%s%s", list,
             length ? ", " : "", MEMBERS_SQL);
    standing->names_known = true;
}

/* The values at the beginning of a row; gives how many there were. */
static unsigned take_values_of(struct probed *probed, const char *const *texts, unsigned columns)
{
    unsigned column = 0;

    for (unsigned i = 0; i < VIEW_VARIABLE_COUNT && column < columns; i++)
        if (probed->standing.has[i])
            view_take_variable(&probed->view, (enum view_variable)i, texts[column++]);
    return column;
}

static void take_values(void *context, const char *const *texts, unsigned columns)
{
    take_values_of(context, texts, columns);
}

static void take_member(void *context, const char *const *texts, unsigned columns)
{
    struct probed *probed = context;
    const struct health_prober_options *options = &probed->prober->options;
    struct health_view *view = &probed->view;
    struct health_member member = {.node = HEALTH_NODE_NONE};
    unsigned column = take_values_of(probed, texts, columns);

    if (view->member_count >= HEALTH_CLUSTER_NODES_MAX || columns < column + 2 || !texts[column] ||
        !uuid_parse(texts[column], &member.gcomm_uuid))
        return;
    if (texts[column + 1] && options->member)
        member.node = options->member(options->context, probed->node, texts[column + 1]);
    view->members = probed->members;
    probed->members[view->member_count++] = member;
}

/* ---- Questions ---- */

/* The view itself is in: what else is there to ask? */
static void ask_second(struct probed *probed)
{
    const struct standing *standing = &probed->standing;

    if (!standing->names_known)
        ask(probed, PROBE_ASKS_NAMES);
    else if (!standing->members_barred)
        ask(probed, PROBE_ASKS_MEMBERS);
    else if (standing->values_sql[0])
        ask(probed, PROBE_ASKS_VALUES);
    else
        probed_finish_well(probed);
}

/* An answer is in: go on to the next question, or end. */
static void answered(struct probed *probed)
{
    if (probed->stage == PROBE_ASKS_NAMES)
        compose_questions(&probed->standing);
    if ((probed->stage == PROBE_ASKS_STATUS && probed->has_view) ||
        (probed->stage == PROBE_ASKS_NAMES && !probed->standing.members_barred))
        ask_second(probed);
    else if (probed->stage == PROBE_ASKS_MEMBERS && probed->view.member_count == 0 &&
             probed->standing.values_sql[0])
        ask(probed, PROBE_ASKS_VALUES); /* no rows, no values in them */
    else
        probed_finish_well(probed);
}

/* A question failed. Where the view itself is in, what else was asked for may be missing. */
static void question_failed(struct probed *probed)
{
    struct standing *standing = &probed->standing;
    enum probe_stage stage = probed->stage;
    struct client_failure failure;

    client_failed(standing->client, &failure);
    if (client_failure_is_fatal(&failure)) {
        link_lost(probed, &failure);
        probed_finish(probed, &failure);
    } else if (stage == PROBE_ASKS_LIGHT || stage == PROBE_ASKS_STATUS) {
        probed_finish(probed, &failure);
    } else if (stage == PROBE_ASKS_MEMBERS && standing->values_sql[0]) {
        /* A node that is not ready keeps its tables to itself for the time being (1047). */
        standing->members_barred = failure.error != HEALTH_PROBE_NOT_READY;
        ask(probed, PROBE_ASKS_VALUES);
    } else {
        probed_finish_well(probed);
    }
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
    const struct standing *standing = &probed->standing;
    const struct {
        const char *sql;
        client_take *take;
    } questions[] = {
        [PROBE_ASKS_LIGHT] = {LIGHT_SQL, NULL},
        [PROBE_ASKS_STATUS] = {STATUS_SQL, take_status},
        [PROBE_ASKS_NAMES] = {NAMES_SQL, take_name},
        [PROBE_ASKS_MEMBERS] = {standing->members_sql, take_member},
        [PROBE_ASKS_VALUES] = {standing->values_sql, take_values},
    };

    probed->stage = stage;
    take_step(probed,
              client_ask(standing->client, questions[stage].sql, questions[stage].take, probed));
}

void probed_ask_first(struct probed *probed)
{
    probed->has_view = false;
    view_clear(&probed->view);
    if (probed->full) {
        probed->view.version =
            word_version(client_version(probed->standing.client), probed->version);
        link_make_way(probed);
    }
    probed->prober->counters.full += probed->full;
    probed->prober->counters.light += !probed->full;
    ask(probed, probed->full ? PROBE_ASKS_STATUS : PROBE_ASKS_LIGHT);
}
