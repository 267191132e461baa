/*
 * http_turn.c - an operator's task asks for its turn on a cluster, keeps it, and gives it back.
 */
#include "http_body.h"
#include "http_private.h"

#include "config_value.h"
#include "json_value.h"
#include "log.h"
#include "maintenance_text.h"
#include "turn.h"

#include <healthd/observer.h>

#include <event2/http.h>

static const struct http_body body = {
    .example = "{\"task\":\"backup\",\"holder\":\"root@db1 4711\"}",
    .expected = "task, holder and held",
    .keys = {"task", "holder", "held"},
};

struct wish {
    struct turn_wish turn;
    bool held; /* it says that it has the turn */
};

/* False: it was said what is expected. The texts are the document's. */
static bool read_wish(struct http_call *call, const cJSON *json, struct wish *ret_wish)
{
    const cJSON *held = cJSON_GetObjectItemCaseSensitive(json, "held");

    *ret_wish = (struct wish){
        .turn = {.task = json_text(json, "task"), .holder = json_text(json, "holder")},
        .held = cJSON_IsTrue(held)};
    if (!config_name_valid(ret_wish->turn.task))
        http_refuse(call, HTTP_BADREQUEST, "task: a name of %s is expected", CONFIG_NAME_EXPECTED);
    else if (!maintenance_reason_valid(ret_wish->turn.holder))
        http_refuse(call, HTTP_BADREQUEST, "holder: %s is expected", MAINTENANCE_REASON_EXPECTED);
    else if (held && !cJSON_IsBool(held))
        http_refuse(call, HTTP_BADREQUEST, "held: true or false is expected");
    else
        return true;
    return false;
}

static void answer(struct http_call *call, int code, uint32_t cluster,
                   const struct turn_place *place)
{
    uint32_t before = turn_before(call->http->options.turns, cluster, place);
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "ticket", place->ticket);
    cJSON_AddStringToObject(json, "state", before ? "waiting" : "held");
    json_add_integer(json, "place", before);
    json_add_integer(json, "ttl_ms", TURN_TTL_NS / HEALTH_NS_PER_MS);
    http_answer_part(call, code, "turn", json);
}

static void tell(const char *event, const struct http_call *call, const struct turn_place *place)
{
    char holder[LOG_VALUE_MAX];

    log_event(LOG_NOTICE, event, "cluster=%s task=%s holder=%s", call->parts[2], place->task,
              log_value(holder, sizeof holder, place->holder));
}

static void ask(struct http_call *call, uint32_t cluster, const struct wish *wish)
{
    const struct turn_place *place =
        turn_ask(call->http->options.turns, cluster, &wish->turn, health_clock_ns());

    if (!place) {
        http_refuse(call, 429, "the line is full: %d wait for their turn already; try again later",
                    TURN_WAITING_MAX);
        return;
    }
    tell("turn-asked", call, place);
    answer(call, 201, cluster, place);
}

void http_ask_turn(struct http_call *call)
{
    uint32_t cluster = http_find_cluster(call);
    cJSON *json = cluster == ROSTER_NONE ? NULL : http_body_read(call, &body);
    struct wish wish;

    if (json && read_wish(call, json, &wish))
        ask(call, cluster, &wish);
    cJSON_Delete(json);
}

/* A ticket of a former healthd's is claimed, while that is possible. */
static void renew(struct http_call *call, uint32_t cluster, const struct wish *wish)
{
    struct turns *turns = call->http->options.turns;
    int64_t now_ns = health_clock_ns();
    const struct turn_place *place = turn_renew(turns, cluster, call->parts[4], now_ns);

    if (!place) {
        place = turn_claim(turns, cluster, call->parts[4], &wish->turn, wish->held, now_ns);
        if (place)
            tell("turn-claimed", call, place);
    }
    if (place)
        answer(call, HTTP_OK, cluster, place);
    else
        http_refuse(call, HTTP_NOTFOUND, "the turn is lost: it was not renewed in time");
}

void http_renew_turn(struct http_call *call)
{
    uint32_t cluster = http_find_cluster(call);
    cJSON *json = cluster == ROSTER_NONE ? NULL : http_body_read(call, &body);
    struct wish wish;

    if (json && read_wish(call, json, &wish))
        renew(call, cluster, &wish);
    cJSON_Delete(json);
}

void http_give_up_turn(struct http_call *call)
{
    uint32_t cluster = http_find_cluster(call);
    struct turns *turns = call->http->options.turns;

    if (cluster == ROSTER_NONE)
        return;
    const struct turn_place *place = turn_find(turns, cluster, call->parts[4]);
    if (!place) {
        http_refuse(call, HTTP_NOTFOUND, "there is no such ticket: it was given up already");
        return;
    }
    tell("turn-given-up", call, place);
    turn_give_up(turns, cluster, call->parts[4], health_clock_ns());
    http_answer_part(call, HTTP_OK, "turn", cJSON_CreateNull());
}
