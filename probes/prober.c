/*
 * prober.c - many nodes' probes on one loop: who is due, and the one timer.
 *
 * The times at which nodes want to be woken lie side by side, so that finding the earliest of thousands
 * is one short scan; it happens once a wake-up, not once a node.
 */
#include "prober_private.h"

#include <event2/event.h>
#include <healthd/hash.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The timer comes after what sockets have to say (priority 0): an answer that lies there is an answer,
 * however late we read it. */
#define PRIORITY_DEADLINES 1

#define TICK_MAX_NS (4 * HEALTH_NS_PER_MS)

/* What is due within such a while is seen to at once: each wake-up costs as much as a probe. It is far
 * below what is promised of times. */
static int64_t tick_ns(const struct health_prober *prober)
{
    int64_t share_ns = prober->options.interval_ns / 250;
    return share_ns < TICK_MAX_NS ? share_ns : TICK_MAX_NS;
}

static void arm(struct health_prober *prober)
{
    int64_t earliest_ns = HEALTH_NEVER_NS;

    for (uint32_t i = 0; i < prober->count; i++)
        earliest_ns = prober->wake_ns[i] < earliest_ns ? prober->wake_ns[i] : earliest_ns;
    prober->armed_ns = earliest_ns;
    if (earliest_ns == HEALTH_NEVER_NS) {
        event_del(prober->timer);
        return;
    }
    int64_t wait_us = (earliest_ns - health_clock_ns()) / HEALTH_NS_PER_US;
    wait_us = wait_us <= 0 ? 0 : wait_us + tick_ns(prober) / HEALTH_NS_PER_US;
    const struct timeval wait = {.tv_sec = wait_us / 1000000, .tv_usec = wait_us % 1000000};
    event_add(prober->timer, &wait);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct health_prober *prober = context;
    int64_t now_ns = health_clock_ns();

    (void)fd;
    (void)what;
    prober->armed_ns = 0; /* so that nothing is armed before all that is due has been seen to */
    for (uint32_t i = 0; i < prober->count; i++)
        if (prober->wake_ns[i] <= now_ns)
            probed_wake(prober->nodes[i], now_ns);
    arm(prober);
}

void prober_plan(struct health_prober *prober, struct probed *probed)
{
    int64_t wake_ns = probed->stage == PROBE_RESTS ? probed->due_ns : probed->deadline_ns;

    prober->wake_ns[probed->place] = wake_ns;
    if (wake_ns < prober->armed_ns)
        arm(prober);
}

enum health_error health_prober_create(const struct health_prober_options *options,
                                       struct health_prober **ret_prober)
{
    static const struct pool_hooks hooks = {client_thread_begin, client_thread_end};

    if (!options->base || options->interval_ns <= 0 || options->timeout_ns <= 0 ||
        options->view_interval_ns < options->interval_ns || !options->observe || !options->remark ||
        event_base_get_npriorities(options->base) < 2)
        return HEALTH_EINVAL;
    struct health_prober *prober = calloc(1, sizeof *prober);
    if (!prober || !client_library_init()) {
        free(prober);
        return HEALTH_ENOMEM;
    }
    prober->options = *options;
    prober->armed_ns = HEALTH_NEVER_NS;
    prober->timer = evtimer_new(options->base, on_timer, prober);
    prober->pool = pool_create(options->base, &hooks);
    if (!prober->timer || !prober->pool ||
        event_priority_set(prober->timer, PRIORITY_DEADLINES) != 0) {
        health_prober_destroy(prober);
        return HEALTH_ENOMEM;
    }
    *ret_prober = prober;
    return HEALTH_OK;
}

void health_prober_destroy(struct health_prober *prober)
{
    if (!prober)
        return;
    for (uint32_t i = 0; i < prober->count; i++)
        probed_free(prober->nodes[i]);
    pool_destroy(prober->pool, prober->options.timeout_ns + HEALTH_NS_PER_S / 20);
    if (prober->timer)
        event_free(prober->timer);
    free(prober->nodes);
    free(prober->wake_ns);
    free(prober);
}

static bool reserve(struct health_prober *prober)
{
    if (prober->count < prober->capacity)
        return true;
    uint32_t capacity = prober->capacity ? 2 * prober->capacity : 16;
    struct probed **nodes = realloc(prober->nodes, capacity * sizeof(struct probed *));
    if (nodes)
        prober->nodes = nodes;
    int64_t *wake_ns = nodes ? realloc(prober->wake_ns, capacity * sizeof *wake_ns) : NULL;
    if (!wake_ns)
        return false;
    prober->wake_ns = wake_ns;
    prober->capacity = capacity;
    return true;
}

static struct probed *find(const struct health_prober *prober, uint32_t node)
{
    for (uint32_t i = 0; i < prober->count; i++)
        if (prober->nodes[i]->node == node)
            return prober->nodes[i];
    return NULL;
}

/* Can these files be read? What cannot is said. */
static bool files_readable(const struct health_prober *prober, uint32_t node,
                           const struct health_target *target)
{
    const char *const files[] = {target->password_file, target->defaults_file, target->tls_ca,
                                 target->tls_cert, target->tls_key};
    char text[512];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i] && access(files[i], R_OK) != 0) {
            snprintf(text, sizeof text, "%.400s cannot be read: it must exist and be readable",
                     files[i]);
            prober->options.remark(prober->options.context, node, text);
            return false;
        }
    return true;
}

enum health_error health_prober_add(struct health_prober *prober, uint32_t node, const char *name,
                                    const struct health_target *target)
{
    if ((!target->host && !target->socket) || find(prober, node) ||
        !files_readable(prober, node, target))
        return HEALTH_EINVAL;
    struct probed *probed = calloc(1, sizeof *probed);
    if (!probed || !reserve(prober) || !target_copy(&probed->target, target)) {
        free(probed);
        return HEALTH_ENOMEM;
    }
    int64_t now_ns = health_clock_ns();
    probed->prober = prober;
    probed->node = node;
    probed->place = prober->count;
    /* Phases differ between nodes, and are the same in each run. */
    probed->random = health_hash_add(HEALTH_HASH_NOTHING, name, strlen(name)) +
                     node * UINT64_C(0x9e3779b97f4a7c15);
    probed->due_ns =
        now_ns + (int64_t)probed_random(probed, (uint64_t)prober->options.interval_ns / 2 + 1);
    prober->nodes[prober->count] = probed;
    prober->wake_ns[prober->count] = probed->due_ns;
    prober->count++;
    prober_plan(prober, probed);
    return HEALTH_OK;
}

enum health_error health_prober_remove(struct health_prober *prober, uint32_t node)
{
    struct probed *probed = find(prober, node);
    if (!probed)
        return HEALTH_ENOENT;
    uint32_t place = probed->place;
    probed_free(probed);
    prober->count--;
    prober->nodes[place] = prober->nodes[prober->count];
    prober->wake_ns[place] = prober->wake_ns[prober->count];
    if (place < prober->count)
        prober->nodes[place]->place = place;
    return HEALTH_OK;
}

void health_prober_attend(struct health_prober *prober, uint32_t node, int64_t until_ns)
{
    struct probed *probed = find(prober, node);
    int64_t now_ns = health_clock_ns();

    if (!probed)
        return;
    bool attended = probed->attend_until_ns > now_ns;
    if (until_ns > probed->attend_until_ns)
        probed->attend_until_ns = until_ns;
    if (!attended && probed->standing.client && now_ns >= probed->view_barred_ns)
        probed_hasten(probed, now_ns); /* else its next probe is a full one anyway, if it may be */
}

void health_prober_reread(struct health_prober *prober)
{
    int64_t now_ns = health_clock_ns();

    for (uint32_t i = 0; i < prober->count; i++) {
        struct probed *probed = prober->nodes[i];
        probed->extra_port_said = false;
        if (!probed->denied_wait_ns)
            continue; /* credentials are read at each connect; only who was denied has waited */
        probed->denied_wait_ns = 0;
        if (!probed->connecting)
            probed_hasten(probed, now_ns);
    }
}

void health_prober_counters(const struct health_prober *prober,
                            struct health_prober_counters *ret_counters)
{
    *ret_counters = prober->counters;
    ret_counters->in_flight = 0;
    for (uint32_t i = 0; i < prober->count; i++)
        ret_counters->in_flight += prober->nodes[i]->stage != PROBE_RESTS;
    ret_counters->threads = pool_threads(prober->pool);
}
