/*
 * http_maintenance.c - an operator takes a node out of service for maintenance, or gives it back.
 */
#include "http_body.h"
#include "http_private.h"

#include "json_value.h"
#include "maintenance_text.h"
#include "wall_time.h"

#include <event2/http.h>

/* One that is forgotten comes to an end. */
#define LONGEST_NS (MAINTENANCE_DAYS_MAX * INT64_C(86400) * HEALTH_NS_PER_S)

static const struct http_body body = {
    .example = "{\"reason\":\"new disk\",\"until\":\"2026-05-01T10:00:00Z\"}",
    .expected = "reason and until",
    .keys = {"reason", "until"},
};

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

/* False: it was said what is expected. The text is the document's. */
static bool read_wish(struct http_call *call, const cJSON *json, struct maintenance_wish *ret_wish)
{
    ret_wish->reason = json_text(json, "reason");
    if (!maintenance_reason_valid(ret_wish->reason))
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
    cJSON *json = node == ROSTER_NONE ? NULL : http_body_read(call, &body);
    struct maintenance_wish wish;

    if (json && read_wish(call, json, &wish))
        maintain(call, node, &wish);
    cJSON_Delete(json);
}

void http_end_maintenance(struct http_call *call)
{
    uint32_t node = http_find_node(call);
    if (node != ROSTER_NONE)
        maintain(call, node, NULL);
}
