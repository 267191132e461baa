/*
 * http_balance.c - for load balancers: 200 where clients may be sent, or 503; and why. 404 where a balancer that asked
 * for it may leave its clients: HAProxy's http-check disable-on-404 takes it so, and no other code.
 */
#include "http_private.h"

#include "balance.h"

#include <event2/http.h>

static bool read_taste(struct http_call *call, struct balance_taste *ret_taste)
{
    if (balance_read_taste(&call->query, ret_taste))
        return true;
    http_refuse(call, HTTP_BADREQUEST,
                BALANCE_TASTE_EXPECTED " is expected after the question mark");
    return false;
}

static void answer(struct http_call *call, const char *subject,
                   const struct balance_verdict *verdict)
{
    int code = verdict->takes ? HTTP_OK : verdict->drains ? HTTP_NOTFOUND : HTTP_SERVUNAVAIL;
    const char *whom = verdict->takes    ? "clients"
                       : verdict->drains ? "no new clients"
                                         : "no clients";

    http_header(call, "X-Health-State", verdict->state);
    http_header(call, "X-Health-Reason", verdict->reason);
    http_answer(call, code, "text/plain", "%s takes %s: %s (%s)\n", subject, whom, verdict->reason,
                verdict->state);
}

void http_balance_node(struct http_call *call)
{
    const char *cluster = call->part_count == 3 ? call->parts[1] : NULL;
    const char *name = call->parts[call->part_count - 1];
    struct balance_taste taste;
    bool several;

    if (!read_taste(call, &taste))
        return;
    uint32_t node = balance_find(call->overview->roster, cluster, name, &several);
    if (several) {
        http_refuse(call, HTTP_NOTFOUND,
                    "/node/CLUSTER/NODE is expected: several clusters have a node of this name");
    } else if (node == ROSTER_NONE) {
        http_refuse(call, HTTP_NOTFOUND, "the name of a node is expected (/v1/clusters has them)");
    } else {
        struct balance_verdict verdict = balance_node(call->overview, node, &taste);
        answer(call, name, &verdict);
    }
}

void http_balance_cluster(struct http_call *call)
{
    uint32_t cluster = roster_find_cluster(call->overview->roster, call->parts[1]);
    struct balance_taste taste;

    if (!read_taste(call, &taste))
        return;
    if (cluster == ROSTER_NONE) {
        http_refuse(call, HTTP_NOTFOUND,
                    "the name of a cluster is expected (/v1/clusters has them)");
    } else {
        struct balance_verdict verdict = balance_cluster(call->overview, cluster, &taste);
        answer(call, call->parts[1], &verdict);
    }
}
