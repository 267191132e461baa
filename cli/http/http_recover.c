/*
 * http_recover.c - a person asks for the positions that only --wsrep-recover can tell.
 */
#include "http_private.h"

#include "json_value.h"

#include <event2/http.h>
#include <healthd/diagnosis.h>

/* Ask the agents of the nodes whose positions a bootstrap lacks, once each: whoever asks for all of it asks again. */
static cJSON *ask(struct http_call *call, uint32_t cluster)
{
    const struct http_options *options = &call->http->options;
    const struct roster *roster = call->overview->roster;
    const struct roster_cluster *home = &roster->clusters[cluster];
    struct health_diagnosis diagnosis;
    cJSON *asked = cJSON_CreateArray();

    overview_diagnose(call->overview, cluster, &diagnosis);
    for (uint32_t i = 0; i < home->count; i++)
        if (diagnosis.advice.recover_places >> i & 1u &&
            options->recover(options->context, home->nodes[i]))
            cJSON_AddItemToArray(asked,
                                 cJSON_CreateString(roster_node_name(roster, home->nodes[i])));
    return asked;
}

void http_recover(struct http_call *call)
{
    uint32_t cluster = http_find_cluster(call);

    if (cluster == ROSTER_NONE)
        return;
    cJSON *asked = ask(call, cluster);
    cJSON *json = overview_diagnosis(call->overview, cluster); /* with what is under way now */
    if (!cJSON_AddItemToObject(json, "asked", asked))
        cJSON_Delete(asked);
    http_answer_json(call, HTTP_OK, json);
}
