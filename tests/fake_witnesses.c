/*
 * fake_witnesses.c - see fake_witnesses.h.
 */
#include "fake_witnesses.h"

#include <stdio.h>
#include <string.h>

struct fake_witnesses fake_witnesses;

struct health_prober {
    int unused;
};

struct health_listener {
    int unused;
};

static struct health_prober the_prober;
static struct health_listener the_listener;

enum health_error health_prober_create(const struct health_prober_options *options,
                                       struct health_prober **ret_prober)
{
    memset(&fake_witnesses, 0, sizeof fake_witnesses);
    fake_witnesses.observe = options->observe;
    fake_witnesses.member = options->member;
    fake_witnesses.context = options->context;
    *ret_prober = &the_prober;
    return HEALTH_OK;
}

void health_prober_destroy(struct health_prober *prober)
{
    (void)prober;
}

enum health_error health_prober_add(struct health_prober *prober, uint32_t node, const char *name,
                                    const struct health_target *target)
{
    struct fake_node *fake = &fake_witnesses.nodes[node];
    (void)prober;

    fake->probed = true;
    fake->added++;
    fake->port = target->port;
    snprintf(fake->name, sizeof fake->name, "%s", name);
    snprintf(fake->host, sizeof fake->host, "%s", target->host);
    snprintf(fake->password_file, sizeof fake->password_file, "%s",
             target->password_file ? target->password_file : "");
    return HEALTH_OK;
}

enum health_error health_prober_remove(struct health_prober *prober, uint32_t node)
{
    (void)prober;
    fake_witnesses.nodes[node].probed = false;
    return HEALTH_OK;
}

void health_prober_attend(struct health_prober *prober, uint32_t node, int64_t until_ns)
{
    (void)prober;
    (void)until_ns;
    fake_witnesses.nodes[node].attended++;
}

void health_prober_reread(struct health_prober *prober)
{
    (void)prober;
    fake_witnesses.rereads++;
}

enum health_error health_listener_create(const struct health_listener_options *options,
                                         struct health_listener **ret_listener)
{
    (void)options;
    *ret_listener = &the_listener;
    return HEALTH_OK;
}

void health_listener_destroy(struct health_listener *listener)
{
    (void)listener;
}

enum health_error health_listener_add(struct health_listener *listener, const char *cluster,
                                      const char *name, uint32_t node)
{
    (void)listener;
    (void)cluster;
    (void)name;
    fake_witnesses.nodes[node].listened = true;
    return HEALTH_OK;
}

enum health_error health_listener_remove(struct health_listener *listener, uint32_t node)
{
    (void)listener;
    fake_witnesses.nodes[node].listened = false;
    return HEALTH_OK;
}

enum health_error health_listener_recover(struct health_listener *listener, uint32_t node)
{
    (void)listener;
    (void)node;
    return HEALTH_OK;
}

bool health_listener_reread(struct health_listener *listener)
{
    (void)listener;
    return true;
}

uint32_t fake_find(const char *name)
{
    for (uint32_t i = 0; i < FAKE_NODES_MAX; i++)
        if (fake_witnesses.nodes[i].probed && strcmp(fake_witnesses.nodes[i].name, name) == 0)
            return i;
    return HEALTH_NODE_NONE;
}

static struct health_observation begin(const char *name, enum health_witness witness)
{
    struct health_observation seen = {
        .at_ns = health_clock_ns(), .node = fake_find(name), .witness = (uint8_t)witness};
    return seen;
}

void fake_answer(const char *name, int32_t size)
{
    struct health_observation seen = begin(name, HEALTH_WITNESS_PROBE);
    seen.probe.ok = seen.probe.has_view = true;
    seen.probe.view = (struct health_view){
        .state_uuid = {UINT64_C(0xabcdef0100000001), 2},
        .gcomm_uuid = {seen.node + 1, 7},
        .conf_id = 5,
        .size = size,
        .weight = size,
        .last_committed = -1,
        .component = HEALTH_COMPONENT_PRIMARY,
        .local_state = HEALTH_LOCAL_SYNCED,
        .ready = HEALTH_ANSWER_YES,
        .connected = HEALTH_ANSWER_YES,
    };
    fake_witnesses.observe(fake_witnesses.context, &seen);
}

void fake_failure(const char *name, enum health_probe_error error)
{
    struct health_observation seen = begin(name, HEALTH_WITNESS_PROBE);
    seen.probe.error = (uint8_t)error;
    fake_witnesses.observe(fake_witnesses.context, &seen);
}

void fake_link(const char *name, enum health_link link)
{
    struct health_observation seen = begin(name, HEALTH_WITNESS_LINK);
    seen.link = (uint8_t)link;
    fake_witnesses.observe(fake_witnesses.context, &seen);
}
