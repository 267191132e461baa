/*
 * controller.c - a controller that embeds libhealthd: one cluster, seen on standard input, acted for on a
 * second thread. The queue hands what changed from the thread that owns the engine to the one that acts.
 *     cc -std=c17 controller.c -o controller $(pkg-config --cflags --libs healthd)
 *     controller NODE... <observations
 * A line is an observation: MILLISECONDS NODE WHAT, in order of time. WHAT is "member CONF SIZE" (a Synced member of a
 * Primary component of that id and size answered a probe), or "refused", "timeout"... (a probe failed so).
 */
#include <healthd/engine.h>
#include <healthd/rules.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct controller {
    struct health_engine *engine;
    struct health_queue *queue;
    char **names; /* of the nodes; a node's number is its place */
    uint32_t count;
    sem_t news;       /* something may be in the queue */
    atomic_bool done; /* nothing will come any more */
};

/* Only on a proven death, because an unknown node may serve. */
static void act(const struct controller *controller, const struct health_report *report)
{
    const char *why = health_reason_text(report->reason);

    if (report->subject == controller->count)
        printf("the cluster is %s: %s\n", health_colour_name(report->state), why);
    else
        printf("%s is %s: %s\n", controller->names[report->subject],
               health_state_name(report->state), why);
    if (report->subject < controller->count && report->state == HEALTH_STATE_RED_UNCLEAN)
        printf("-> replace %s\n", controller->names[report->subject]);
    fflush(stdout);
}

static void *actor(void *context)
{
    struct controller *controller = context;
    struct health_report report;
    bool done = false;

    while (!done) {
        sem_wait(&controller->news);
        done = atomic_load(&controller->done); /* before the last look */
        while (health_queue_pop(controller->queue, &report))
            act(controller, &report);
    }
    return NULL;
}

static const struct health_view member_view = {.state_uuid = {1, 1},
                                               .weight = -1,
                                               .last_committed = -1,
                                               .component = HEALTH_COMPONENT_PRIMARY,
                                               .local_state = HEALTH_LOCAL_SYNCED,
                                               .ready = HEALTH_ANSWER_YES};

/* False: the line is no observation. */
static bool read_line(const struct controller *controller, const char *line,
                      struct health_observation *seen)
{
    char node[64] = "", what[32] = "";
    long long ms;
    unsigned conf, size, at = 0, error = HEALTH_PROBE_REFUSED;
    int got = sscanf(line, "%lld %63s %31s %u %u", &ms, node, what, &conf, &size); /* NOLINT */

    while (at < controller->count && strcmp(node, controller->names[at]) != 0)
        at++;
    if (at == controller->count)
        return false;
    *seen = (struct health_observation){.at_ns = ms * HEALTH_NS_PER_MS,
                                        .node = at,
                                        .witness = HEALTH_WITNESS_PROBE,
                                        .probe.view = member_view};
    if (strcmp(what, "member") == 0 && got == 5) {
        seen->probe.ok = seen->probe.has_view = true;
        seen->probe.view.gcomm_uuid = (struct health_uuid){2, at + 1};
        seen->probe.view.conf_id = conf;
        seen->probe.view.size = (int32_t)size;
        return true;
    }
    while (error < HEALTH_PROBE_ERROR_COUNT && strcmp(what, health_probe_error_name(error)) != 0)
        error++;
    seen->probe.error = (uint8_t)error;
    return error < HEALTH_PROBE_ERROR_COUNT;
}

/* Call the engine whenever it wants to be called as time passes, then hand the observation over. */
static void watch(struct controller *controller)
{
    struct health_observation seen;
    char line[256];

    while (fgets(line, sizeof line, stdin)) {
        enum health_error error = HEALTH_EINVAL;
        if (read_line(controller, line, &seen)) {
            for (int64_t due; (due = health_engine_deadline(controller->engine)) < seen.at_ns;)
                health_engine_tick(controller->engine, due);
            error = health_engine_observe(controller->engine, seen.at_ns, &seen);
        }
        if (error != HEALTH_OK)
            fprintf(stderr, "%s: %s", health_error_text(error), line);
        sem_post(&controller->news);
    }
}

static bool begin(struct controller *controller)
{
    const int64_t half_ns = HEALTH_NS_PER_S / 2;
    const struct health_cadence cadence = {2 * half_ns, half_ns, half_ns};
    const struct health_queue_options line = {
        .subjects = controller->count + 1, .capacity = 8, .epoch = 1, .two_threads = true};
    struct health_limits limits;
    uint32_t cluster, node;
    bool good = health_limits_derive(&cadence, &limits) == HEALTH_OK &&
                health_queue_create(&line, &controller->queue) == HEALTH_OK;
    const struct health_engine_options options = {
        controller->count, 1, 0, &limits, &health_rules_galera, {controller->queue}};

    good = good && health_engine_create(&options, &controller->engine) == HEALTH_OK &&
           health_cluster_add(controller->engine, 0, controller->count, &cluster) == HEALTH_OK;
    for (uint32_t i = 0; good && i < controller->count; i++)
        good = health_node_add(controller->engine, 0, cluster, &node) == HEALTH_OK && node == i;
    return good;
}

int main(int argc, char **argv)
{
    struct controller controller = {.names = argv + 1, .count = (uint32_t)argc - 1};
    pthread_t thread;
    bool good = begin(&controller) && sem_init(&controller.news, 0, 0) == 0 &&
                pthread_create(&thread, NULL, actor, &controller) == 0;

    if (!good)
        return fprintf(stderr, "usage: controller NODE... <observations\n"), 2;
    watch(&controller);
    atomic_store(&controller.done, true);
    sem_post(&controller.news);
    pthread_join(thread, NULL);
    health_engine_destroy(controller.engine);
    health_queue_destroy(controller.queue);
    return 0;
}
