/*
 * http_maintenance.c - an operator takes a node out of service for maintenance, or gives it back.
 */
#include "http_private.h"

#include "maintenance_text.h"
#include "wall_time.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

/* One that is forgotten comes to an end. */
#define LONGEST_NS (MAINTENANCE_DAYS_MAX * INT64_C(86400) * HEALTH_NS_PER_S)

#define BODY_EXPECTED \
    "a JSON object such as {\"reason\":\"new disk\",\"until\":\"2026-05-01T10:00:00Z\"}"

/* The key that is neither "reason" nor "until", or stands twice; NULL: none. */
static const char *strange_key(const cJSON *json)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json)
    {
        bool known = strcmp(item->string, "reason") == 0 || strcmp(item->string, "until") == 0;
        if (!known || cJSON_GetObjectItemCaseSensitive(json, item->string) != item)
            return item->string;
    }
    return NULL;
}

/* null, or not there: until it is ended. */
static bool read_until(const cJSON *json, int64_t *ret_wall_ns)
{
    const cJSON *until = cJSON_GetObjectItemCaseSensitive(json, "until");
    const char *text = cJSON_GetStringValue(until);
    int64_t now_ns = wall_time_now_ns();

    *ret_wall_ns = 0;
    if (!until || cJSON_IsNull(until))
        return true;
    return text && wall_time_parse(text, ret_wall_ns) && *ret_wall_ns > now_ns &&
           *ret_wall_ns - now_ns <= LONGEST_NS;
}

static bool read_wish(struct http_call *call, const cJSON *json, struct maintenance_wish *ret_wish)
{
    bool object = cJSON_IsObject(json); /* what else there is has items without keys */
    const char *strange = object ? strange_key(json) : NULL;

    ret_wish->reason = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "reason"));
    if (!object)
        http_refuse(call, HTTP_BADREQUEST, "body: %s is expected", BODY_EXPECTED);
    else if (strange)
        http_refuse(call, HTTP_BADREQUEST, "%.64s: reason and until are expected, once each",
                    strange);
    else if (!ret_wish->reason || !maintenance_reason_valid(ret_wish->reason))
        http_refuse(call, HTTP_BADREQUEST, "reason: %s is expected", MAINTENANCE_REASON_EXPECTED);
    else if (!read_until(json, &ret_wish->until_ns))
        http_refuse(call, HTTP_BADREQUEST, "until: %s is expected, in the future and within a year",
                    MAINTENANCE_TIME_EXPECTED);
    else
        return true;
    return false;
}

static void maintain(struct http_call *call, uint32_t node, const struct maintenance_wish *wish)
{
    const struct http_options *options = &call->http->options;

    if (options->maintain(options->context, node, wish))
        http_answer_node(call, node);
    else
        http_refuse(call, HTTP_SERVUNAVAIL, "memory is short");
}

void http_begin_maintenance(struct http_call *call)
{
    uint32_t node = http_find_node(call);
    cJSON *json = node == ROSTER_NONE ? NULL : http_read_body(call);
    struct maintenance_wish wish;

    if (node != ROSTER_NONE && read_wish(call, json, &wish))
        maintain(call, node, &wish);
    cJSON_Delete(json);
}

void http_end_maintenance(struct http_call *call)
{
    uint32_t node = http_find_node(call);
    if (node != ROSTER_NONE)
        maintain(call, node, NULL);
}
