/*
 * http_health.c - healthd's own health, for whoever restarts it: never that of a cluster.
 */
#include "http_private.h"

#include <event2/http.h>

/* That this is answered shows that the loop runs. */
void http_serve_live(struct http_call *call)
{
    http_answer(call, HTTP_OK, "text/plain", "ok\n");
}

/* Has every node been asked, or spoken, at least once? */
static bool all_heard(const struct overview *overview)
{
    const struct roster *roster = overview->roster;

    for (uint32_t i = 0; i < roster->directory.node_capacity; i++)
        if (directory_find(&roster->directory, i) &&
            !sightings_of(overview->sightings, i)->probe_ns &&
            !sightings_of(overview->sightings, i)->beat_ns)
            return false;
    return true;
}

void http_serve_ready(struct http_call *call)
{
    if (all_heard(call->overview))
        http_answer(call, HTTP_OK, "text/plain", "ok\n");
    else
        http_answer(call, HTTP_SERVUNAVAIL, "text/plain",
                    "not every node has been asked yet: states may be unknown\n");
}
