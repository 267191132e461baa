/*
 * recorded.c - see recorded.h.
 */
#include "recorded.h"

#include <string.h>

bool recorded_open(struct recorded *recorded, const char *path)
{
    const struct replay_options options = {.strict = false};

    memset(recorded, 0, sizeof *recorded);
    if (!replay_open(&recorded->replay, path, &options))
        return false;
    const struct health_trace_header *header = recorded->replay.header;
    recorded->sightings = sightings_create(header->node_count);
    if (!recorded->sightings || !roster_init(&recorded->roster, header->node_count, 1))
        return false;
    roster_add_cluster(&recorded->roster, 0, header->cluster);
    for (uint32_t i = 0; i < header->node_count; i++)
        roster_add_node(&recorded->roster, 0, i, header->nodes[i]);
    return true;
}

void recorded_close(struct recorded *recorded)
{
    sightings_destroy(recorded->sightings);
    roster_clear(&recorded->roster);
    replay_close(&recorded->replay);
}

bool recorded_time(const struct recorded *recorded, const struct command *command, const char *text,
                   int64_t *ret_until_ns)
{
    *ret_until_ns = HEALTH_NEVER_NS;
    if (!text || replay_time(&recorded->replay, text, ret_until_ns))
        return true;
    command_misused(command,
                    "--at %s: seconds from the start (12.5) or a t_us "
                    "(1112815232us) is expected",
                    text);
    return false;
}

static void on_observation(void *context, const struct health_observation *observation)
{
    struct recorded *recorded = context;
    sightings_take(recorded->sightings, observation);
}

void recorded_run(struct recorded *recorded, int64_t until_ns)
{
    const struct replay_listener listener = {.observation = on_observation, .context = recorded};
    replay_run(&recorded->replay, until_ns, &listener);
}
