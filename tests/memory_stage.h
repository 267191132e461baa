/*
 * memory_stage.h - a scene, and what is remembered at its end.
 */
#ifndef HEALTHD_TESTS_MEMORY_STAGE_H
#define HEALTHD_TESTS_MEMORY_STAGE_H

#include "scene.h"

#define SECOND HEALTH_NS_PER_S

extern struct scene scene;
extern struct replay replay;

/* So many nodes serve for two seconds, each at position 100. */
void stage_begin(uint32_t nodes);

/* ... and so many are expected. */
void stage_begin_expecting(uint32_t nodes, uint32_t expected);

/* What the scene, which is over, has left of a node and of its cluster. After replay_close() it may go on. */
const struct health_node_memory *stage_node(unsigned number);
const struct health_cluster_memory *stage_cluster(void);

int64_t stage_now_ns(void);
void stage_commit(unsigned number, int64_t seqno);

/* For the end of each test. */
void stage_leave(void);

#endif
