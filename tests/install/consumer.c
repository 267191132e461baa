/*
 * consumer.c - a controller in small: engine, rules and queue from the installed library.
 */
#include <healthd/engine.h>
#include <healthd/rules.h>

#include <stdio.h>

int main(void)
{
    const struct health_cadence cadence = {HEALTH_NS_PER_S, HEALTH_NS_PER_S / 2,
                                           HEALTH_NS_PER_S / 2};
    const struct health_queue_options line = {.subjects = 2, .capacity = 2, .epoch = 1};
    struct health_limits limits;
    struct health_queue *queue;
    struct health_engine *engine;
    struct health_report report;
    uint32_t cluster;
    uint32_t node;

    if (health_limits_derive(&cadence, &limits) != HEALTH_OK ||
        health_queue_create(&line, &queue) != HEALTH_OK)
        return 1;
    const struct health_engine_options options = {.nodes = 1,
                                                  .clusters = 1,
                                                  .limits = &limits,
                                                  .ruleset = &health_rules_galera,
                                                  .queues = {queue}};
    if (health_engine_create(&options, &engine) != HEALTH_OK ||
        health_cluster_add(engine, 0, 1, &cluster) != HEALTH_OK ||
        health_node_add(engine, 0, cluster, &node) != HEALTH_OK)
        return 1;
    const struct health_observation seen = {
        .at_ns = 1,
        .node = node,
        .witness = HEALTH_WITNESS_PROBE,
        .probe = {.ok = true,
                  .has_view = true,
                  .view = {.state_uuid = {1, 2},
                           .conf_id = 1,
                           .size = 1,
                           .weight = -1,
                           .component = HEALTH_COMPONENT_PRIMARY,
                           .local_state = HEALTH_LOCAL_SYNCED,
                           .ready = HEALTH_ANSWER_YES}},
    };
    if (health_engine_observe(engine, 1, &seen) != HEALTH_OK)
        return 1;
    while (health_queue_pop(queue, &report))
        if (report.subject == node)
            puts(health_state_name((enum health_state)report.state));
    health_engine_destroy(engine);
    health_queue_destroy(queue);
    return 0;
}
