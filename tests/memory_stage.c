/*
 * memory_stage.c - a scene, and what is remembered at its end.
 */
#include "memory_stage.h"

struct scene scene;
struct replay replay;

void stage_leave(void)
{
    replay_close(&replay);
    recording_free(&scene.recording);
}

const struct health_node_memory *stage_node(unsigned number)
{
    if (!replay.memory)
        scene_picture(&scene, &replay);
    return health_memory_node(replay.memory, number - 1);
}

const struct health_cluster_memory *stage_cluster(void)
{
    stage_node(1);
    return health_memory_cluster(replay.memory, replay.cluster);
}

int64_t stage_now_ns(void)
{
    return scene.now_us * HEALTH_NS_PER_US;
}

void stage_commit(unsigned number, int64_t seqno)
{
    scene_actor(&scene, number)->view.last_committed = seqno;
}

void stage_begin(uint32_t nodes)
{
    stage_begin_expecting(nodes, nodes);
}

void stage_begin_expecting(uint32_t nodes, uint32_t expected)
{
    scene_begin(&scene, nodes);
    scene.recording.header.expected_size = expected;
    for (unsigned i = 1; i <= nodes; i++)
        stage_commit(i, 100);
    scene_run(&scene, 2);
}
