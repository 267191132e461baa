/*
 * status_view.c - see status_view.h.
 *
 * What a person needs first, at night, comes first: which cluster, how bad, what else may be lost; then
 * who, since when, and what each witness says with its age against the age at which it is believed no
 * more. Sentences are for what is not as it should be, so that a healthy cluster is short.
 */
#include "status_view.h"

#include "live.h"
#include "picture.h"

#include <healthd/diagnosis.h>

#include <stdio.h>
#include <string.h>

static const struct table_column columns[] = {
    {"NODE", 0},  {"STATE", 0}, {"FOR", 2},     {"ROUTABLE", 1}, {"REASON", 3}, {"PROBE", 4},
    {"AGENT", 5}, {"PEERS", 6}, {"MEMBERS", 7}, {"QUEUE", 8},    {"SERVER", 9},
};

static const struct table_column wide_columns[] = {
    {"NODE", 0},   {"STATE", 0},   {"FOR", 0},   {"ROUTABLE", 0}, {"REASON", 0},
    {"PROBE", 0},  {"AGENT", 0},   {"PEERS", 0}, {"MEMBERS", 0},  {"QUEUE", 0},
    {"SERVER", 0}, {"ADDRESS", 0}, {"RTT", 0},   {"ERROR", 0},    {"UNCLEAN-EXITS", 0},
};

/* ---- Cells ---- */

/* "0.3/3.5s": how old, and how old it may get. */
static void tell_age(const cJSON *witness, char *text, size_t size)
{
    double age_ms, limit_ms;
    char span[PICTURE_SPAN_MAX];

    *text = '\0';
    if (!picture_number(witness, "age_ms", &age_ms))
        return;
    if (age_ms >= 100e3) {
        picture_span((int64_t)age_ms, span);
        snprintf(text, size, " %s", span);
    } else if (picture_number(witness, "limit_ms", &limit_ms)) {
        snprintf(text, size, " %.1f/%.1fs", age_ms / 1e3, limit_ms / 1e3);
    } else {
        snprintf(text, size, " %.1fs", age_ms / 1e3);
    }
}

static void add_witness(struct table *table, const cJSON *node, const char *name)
{
    const cJSON *witness = picture_get(node, name);
    char age[2 * PICTURE_SPAN_MAX];

    tell_age(witness, age, sizeof age);
    table_cell(table, NULL, "%s%s",
               picture_is_silent(witness) ? "silent" : picture_text(witness, "says"), age);
}

/* A Primary view is what is expected, so that only another one is named. */
static void add_view(struct table *table, const cJSON *view)
{
    const char *component = picture_text(view, "component");
    char text[PICTURE_VIEW_MAX] = "-";

    picture_view(view, text);
    bool other = strcmp(component, "Primary") != 0 && strcmp(component, "-") != 0;
    table_cell(table, NULL, "%s%s%s", text, other ? " " : "", other ? component : "");
}

static void add_routable(struct table *table, const cJSON *node)
{
    bool green = strcmp(picture_text(node, "state"), "green") == 0;

    if (green && picture_no(node, "routable"))
        table_cell(table, NULL, "no:%s", picture_text(node, "routable_reason"));
    else if (picture_donates(node))
        table_cell(table, NULL, "yes:donor");
    else
        table_cell(table, NULL, "%s", picture_answer(node, "routable"));
}

static void add_number(struct table *table, const cJSON *json, const char *key, const char *unit)
{
    double number;

    if (picture_number(json, key, &number))
        table_cell(table, NULL, "%.0f%s", number, unit);
    else
        table_cell(table, NULL, "-");
}

static void add_wide_cells(struct table *table, const cJSON *node)
{
    const cJSON *probe = picture_get(node, "probe");
    double port;

    if (picture_number(node, "port", &port))
        table_cell(table, NULL, "%s:%.0f", picture_text(node, "address"), port);
    else
        table_cell(table, NULL, "%s", picture_text(node, "address"));
    add_number(table, probe, "rtt_us", "us");
    table_cell(table, NULL, "%s", picture_text(probe, "error"));
    add_number(table, node, "unclean_exits", "");
}

static void add_node(struct table *table, const cJSON *document, const cJSON *node, bool wide)
{
    const cJSON *view = picture_get(node, "view");
    const char *state = picture_text(node, "state");
    char span[PICTURE_SPAN_MAX];

    picture_since(document, node, "since", span);
    table_cell(table, NULL, "%s", picture_text(node, "name"));
    table_cell(table, state, "%s", state);
    table_cell(table, NULL, "%s", span);
    add_routable(table, node);
    table_cell(table, NULL, "%s", picture_text(node, "reason"));
    add_witness(table, node, "probe");
    add_witness(table, node, "agent");
    table_cell(table, NULL, "%s", picture_text(picture_get(node, "peers"), "says"));
    add_view(table, view);
    add_number(table, view, "queue", "");
    table_cell(table, NULL, "%s", picture_text(view, "server"));
    if (wide)
        add_wide_cells(table, node);
    table_end_row(table);
}

/* ---- Sentences ---- */

void status_census(const cJSON *cluster, char text[STATUS_CENSUS_MAX])
{
    double green, expected, can_lose;
    int length = 0;

    *text = '\0';
    if (picture_number(picture_get(cluster, "states"), "green", &green) &&
        picture_number(cluster, "expected", &expected))
        length = snprintf(text, STATUS_CENSUS_MAX, "%.0f of %.0f green", green, expected);
    if (picture_number(cluster, "can_lose", &can_lose))
        snprintf(text + length, STATUS_CENSUS_MAX - (size_t)length, "%scan lose %.0f more",
                 length ? ", " : "", can_lose);
}

static void add_title(struct table *table, const cJSON *document, const cJSON *cluster)
{
    char lead[DIRECTORY_NAME_MAX + 1];
    char span[PICTURE_SPAN_MAX];
    char census[STATUS_CENSUS_MAX];

    snprintf(lead, sizeof lead, "%.*s:", DIRECTORY_NAME_MAX - 1, picture_text(cluster, "name"));
    picture_since(document, cluster, "since", span);
    status_census(cluster, census);
    table_text(table, 0, lead, picture_text(cluster, "colour"), "for %s, %s: %s", span, census,
               picture_text(cluster, "text"));
}

/* Who has the cluster to himself, and who waits for it. */
static void add_turn(struct table *table, const cJSON *document, const cJSON *turn)
{
    const cJSON *holder = picture_get(turn, "held_by");
    const cJSON *place = picture_first(picture_get(turn, "waiting"));
    char span[PICTURE_SPAN_MAX];

    if (cJSON_IsObject(holder)) {
        picture_since(document, holder, "since", span);
        table_text(table, 2, "TURN", "", "%s of %s has the turn for %s",
                   picture_text(holder, "task"), picture_text(holder, "holder"), span);
    }
    for (; place; place = place->next) {
        picture_since(document, place, "since", span);
        table_text(table, 2, "TURN", "", "%s of %s waits for its turn for %s",
                   picture_text(place, "task"), picture_text(place, "holder"), span);
    }
}

/* The code of the fault that explains this one; NULL: none does, or the server does not say. */
static const char *explainer_of(const cJSON *cluster, const char *name)
{
    const cJSON *advice;

    for (advice = picture_first(picture_get(cluster, "advice")); advice; advice = advice->next)
        if (strcmp(picture_text(advice, "fault"), name) == 0)
            return cJSON_GetStringValue(picture_get(advice, "explained_by"));
    return NULL;
}

/* A fault that this program does not know has a name at least. */
static void add_fault(struct table *table, const cJSON *cluster, const char *name)
{
    const char *explainer = explainer_of(cluster, name);
    const struct health_fault_row *row = NULL;

    for (unsigned i = 0; i < HEALTH_FAULT_COUNT; i++)
        if (strcmp(name, health_faults[i].name) == 0)
            row = &health_faults[i];
    if (!row)
        table_text(table, 2, "FAULT", "", "%s", name);
    else if (explainer)
        table_text(table, 2, "FAULT", "", "%s %s: %s, which %s explains",
                   health_severity_name(row->severity), name, row->meaning, explainer);
    else
        table_text(table, 2, "FAULT", "", "%s %s: %s. %s", health_severity_name(row->severity),
                   name, row->meaning, row->advice);
}

static void add_faults(struct table *table, const cJSON *cluster)
{
    const cJSON *fault;

    for (fault = picture_first(picture_get(cluster, "faults")); fault; fault = fault->next)
        add_fault(table, cluster, cJSON_IsString(fault) ? fault->valuestring : "?");
}

static void add_maintenance(struct table *table, const cJSON *document, const cJSON *node)
{
    const cJSON *maintenance = picture_get(node, "maintenance");
    char span[PICTURE_SPAN_MAX];

    if (!cJSON_IsObject(maintenance))
        return;
    picture_since(document, maintenance, "since", span);
    table_text(
        table, 2, picture_text(node, "name"), "", "is in maintenance for %s, %s%s: %s", span,
        cJSON_IsString(picture_get(maintenance, "until")) ? "until " : "without an end",
        cJSON_IsString(picture_get(maintenance, "until")) ? picture_text(maintenance, "until") : "",
        picture_text(maintenance, "reason"));
}

/* Why a node is not green, or why no client should be sent to it. */
static void add_sentence(struct table *table, const cJSON *node)
{
    const char *state = picture_text(node, "state");
    bool green = strcmp(state, "green") == 0;

    if (!green)
        table_text(table, 2, picture_text(node, "name"), "", "is %s: %s", state,
                   picture_text(node, "text"));
    else if (picture_no(node, "routable"))
        table_text(table, 2, picture_text(node, "name"), "", "takes no clients: %s",
                   picture_unroutable(node));
    else if (picture_donates(node))
        table_text(table, 2, picture_text(node, "name"), "",
                   "takes clients where no other does: %s", picture_text(node, "text"));
}

static void add_cluster(struct table *table, const cJSON *document, const cJSON *cluster, bool wide)
{
    const cJSON *nodes = picture_get(cluster, "nodes");
    const cJSON *node;

    add_title(table, document, cluster);
    add_faults(table, cluster);
    add_turn(table, document, picture_get(cluster, "turn"));
    for (node = picture_first(nodes); node; node = node->next)
        add_node(table, document, node, wide);
    for (node = picture_first(nodes); node; node = node->next) {
        add_sentence(table, node);
        add_maintenance(table, document, node);
    }
}

/* The colours, the worst first; one that is not known here is as bad as not knowing. */
static const char *const colours[] = {"red", "unknown", "yellow", "green"};
#define COLOUR_COUNT (sizeof colours / sizeof *colours)

static unsigned colour_of(const cJSON *cluster)
{
    const char *colour = picture_text(cluster, "colour");
    for (unsigned i = 0; i < COLOUR_COUNT; i++)
        if (strcmp(colour, colours[i]) == 0)
            return i;
    return 1;
}

/* "3 clusters: 1 red, 2 green", where there are several. */
static void add_sum(struct table *table, const cJSON *document)
{
    const cJSON *cluster = NULL;
    unsigned counts[COLOUR_COUNT] = {0};
    unsigned count = 0;
    char text[96] = "";

    for (; (cluster = live_next_cluster(document, cluster)); count++)
        counts[colour_of(cluster)]++;
    for (unsigned i = 0; i < COLOUR_COUNT; i++)
        if (counts[i])
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s %u %s", *text ? "," : "",
                     counts[i], colours[i]);
    if (count != 1)
        table_text(table, 0, "", "", "%u clusters:%s", count, text);
}

struct table *status_view(const cJSON *document, bool wide)
{
    struct table *table =
        wide ? table_create(wide_columns, sizeof wide_columns / sizeof *wide_columns)
             : table_create(columns, sizeof columns / sizeof *columns);

    add_sum(table, document);
    for (unsigned colour = 0; colour < COLOUR_COUNT; colour++) {
        const cJSON *cluster = NULL;
        while ((cluster = live_next_cluster(document, cluster)))
            if (colour_of(cluster) == colour)
                add_cluster(table, document, cluster, wide);
    }
    return table;
}
