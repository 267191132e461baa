/*
 * fake_witnesses.h - a prober and a listener that see what a test tells them to see.
 *
 * They stand in for the real ones by having their names, so that a monitor can be tested without servers.
 */
#ifndef HEALTHD_TESTS_FAKE_WITNESSES_H
#define HEALTHD_TESTS_FAKE_WITNESSES_H

#include <healthd/heartbeat.h>
#include <healthd/prober.h>

#define FAKE_NODES_MAX 4096

struct fake_node {
    bool probed;
    bool listened;
    char name[64];
    char host[64];
    char password_file[64];
    uint16_t port;
    unsigned added;    /* how often */
    unsigned attended; /* how often */
};

struct fake_witnesses {
    struct fake_node nodes[FAKE_NODES_MAX];
    unsigned rereads;
    health_observe *observe;
    uint32_t (*member)(void *context, uint32_t node, const char *name);
    void *context;
};

extern struct fake_witnesses fake_witnesses;

/* The number under which a node is probed; HEALTH_NODE_NONE: it is not. */
uint32_t fake_find(const char *name);

/* A probe of this node was answered with a view of `size`, or failed. */
void fake_answer(const char *name, int32_t size);
void fake_failure(const char *name, enum health_probe_error error);
void fake_link(const char *name, enum health_link link);

#endif
