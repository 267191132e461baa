/*
 * memory_file.c - the engine's memory, by name, and its file.
 *
 * The image is what the file holds, or shall hold: clusters and nodes by name, whoever is watched at present. Each
 * second it is compared with the engine's memory, whose times are monotonic; the image's are of the wall clock, and
 * are taken only where something has happened, so that a clock that is corrected moves nothing.
 */
#include "memory_file.h"

#include "durable_file.h"
#include "json_value.h"
#include "log.h"
#include "memory_text.h"

#include <event2/event.h>
#include <healthd/observer.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* When a position stands, the time when it was last served is written so often. */
#define STANDS_NS (60 * HEALTH_NS_PER_S)

struct memory_file {
    struct memory_file_options options;
    struct memory_image image;
    uint32_t *places;             /* by cluster: where in the image it was found last */
    struct durable_file *durable; /* NULL: in memory only */
    struct event *written;
    struct event *hurry;
    int error; /* as it was told last */
    char problem[LOG_VALUE_MAX];
};

/* ---- Times ---- */

static int64_t to_wall(int64_t ns)
{
    return ns ? ns + wall_offset_ns() : 0;
}

/* A clock that was set back makes nothing happen in the future. 0 stays "never". */
static int64_t from_wall(int64_t wall_ns)
{
    int64_t now_ns = health_clock_ns();
    int64_t ns = wall_ns - wall_offset_ns();

    if (!wall_ns)
        return 0;
    ns = ns > now_ns ? now_ns : ns;
    return ns ? ns : -1;
}

/* Two times of one moment, of which one went through the wall clock and milliseconds. */
static bool differs(int64_t wall_ns, int64_t ns, int64_t slack_ns)
{
    int64_t apart_ns = wall_ns - to_wall(ns);
    if (!wall_ns || !ns)
        return wall_ns || ns;
    return apart_ns > slack_ns || apart_ns < -slack_ns;
}

/* ---- The engine's memory to the image ---- */

static bool same_position(const struct health_position *a, const struct health_position *b)
{
    return a->seqno == b->seqno && health_uuid_equal(&a->history, &b->history);
}

/* Take a position with its time. Has it moved? */
static bool take_served(struct health_position *served, int64_t *wall_ns,
                        const struct health_position *position, int64_t ns)
{
    bool moved = !same_position(served, position) || differs(*wall_ns, ns, STANDS_NS);

    if (moved) {
        *served = *position;
        *wall_ns = to_wall(ns);
    }
    return moved;
}

static bool take_crashes(struct memory_node *node, const struct health_node_memory *told)
{
    bool moved = false;

    for (int i = 0; i < HEALTH_CRASHES_KEPT; i++)
        moved |= differs(node->crash_ns[i], told->crash_ns[i], HEALTH_NS_PER_S);
    for (int i = 0; moved && i < HEALTH_CRASHES_KEPT; i++)
        node->crash_ns[i] = to_wall(told->crash_ns[i]);
    return moved;
}

static bool take_node(struct memory_node *node, const struct health_node_memory *told)
{
    bool moved = take_served(&node->served, &node->served_ns, &told->served, told->served_ns);

    moved |= take_crashes(node, told);
    moved |= node->taint != told->taint || node->crashed_together != told->crashed_together ||
             node->wanted != told->wanted || node->served_size != told->served_size;
    node->taint = told->taint;
    node->crashed_together = told->crashed_together;
    node->wanted = told->wanted;
    node->served_size = told->served_size;
    return moved;
}

/* NULL: memory is short. Each cluster is looked up each second: only for a new number is the image searched. */
static struct memory_cluster *image_of(struct memory_file *file, uint32_t cluster)
{
    const char *name = roster_cluster_name(file->options.roster, cluster);
    const uint32_t place = file->places[cluster];

    if (place < file->image.count && strcmp(file->image.clusters[place].name, name) == 0)
        return &file->image.clusters[place];
    struct memory_cluster *found = memory_image_cluster(&file->image, name);
    if (found)
        file->places[cluster] = (uint32_t)(found - file->image.clusters);
    return found;
}

/* A cluster may have as many former nodes as it has room for: one of them has to go for a new one. */
static void make_room(const struct memory_file *file, struct memory_cluster *image,
                      uint32_t cluster)
{
    uint32_t kept = 0;

    if (image->count < HEALTH_CLUSTER_NODES_MAX)
        return;
    for (uint32_t i = 0; i < image->count; i++)
        if (roster_find_node(file->options.roster, cluster, image->nodes[i].name) != ROSTER_NONE)
            image->nodes[kept++] = image->nodes[i];
    image->count = kept;
}

static bool take_nodes(struct memory_file *file, struct memory_cluster *image, uint32_t cluster)
{
    const struct roster_cluster *home = &file->options.roster->clusters[cluster];
    bool moved = false;

    for (uint32_t i = 0; i < home->count; i++) {
        const char *name = roster_node_name(file->options.roster, home->nodes[i]);
        make_room(file, image, cluster);
        struct memory_node *node = memory_image_node(image, name);
        if (node)
            moved |= take_node(node, health_memory_node(file->options.memory, home->nodes[i]));
    }
    return moved;
}

static bool take_cluster(struct memory_file *file, uint32_t cluster)
{
    const struct health_cluster_memory *told = health_memory_cluster(file->options.memory, cluster);
    struct memory_cluster *image = image_of(file, cluster);

    if (!image)
        return false;
    bool moved = take_served(&image->served, &image->served_ns, &told->served, told->served_ns);
    if (differs(image->crashed_ns, told->crashed_ns, HEALTH_NS_PER_S)) {
        image->crashed_ns = to_wall(told->crashed_ns);
        moved = true;
    }
    moved |= image->split != told->split;
    image->split = told->split;
    return take_nodes(file, image, cluster) || moved;
}

static bool take_all(struct memory_file *file)
{
    const struct roster *roster = file->options.roster;
    bool moved = false;

    for (uint32_t i = 0; i < roster->directory.cluster_capacity; i++)
        if (roster->clusters[i].used)
            moved |= take_cluster(file, i);
    return moved;
}

/* ---- And back ---- */

void memory_file_recall_cluster(struct memory_file *file, uint32_t cluster)
{
    struct health_cluster_memory *told = health_memory_cluster(file->options.memory, cluster);
    const struct memory_cluster *image = image_of(file, cluster);

    if (!image)
        return;
    told->served = image->served;
    told->served_ns = from_wall(image->served_ns);
    told->crashed_ns = from_wall(image->crashed_ns);
    told->split = image->split;
}

void memory_file_recall_node(struct memory_file *file, uint32_t node)
{
    const struct directory_entry *names = directory_find(&file->options.roster->directory, node);
    const uint32_t cluster = file->options.roster->cluster_of[node];
    struct health_node_memory *told = health_memory_node(file->options.memory, node);
    struct memory_cluster *home = image_of(file, cluster);

    if (!home)
        return;
    make_room(file, home, cluster);
    const struct memory_node *image = memory_image_node(home, names->node);
    if (!image)
        return;
    told->served = image->served;
    told->served_ns = from_wall(image->served_ns);
    told->served_size = image->served_size;
    told->taint = image->taint;
    told->crashed_together = image->crashed_together;
    told->wanted = image->wanted;
    for (int i = 0; i < HEALTH_CRASHES_KEPT; i++)
        told->crash_ns[i] = from_wall(image->crash_ns[i]);
}

/* ---- Writing ---- */

static char *print(const void *content)
{
    return memory_print(content);
}

static void discard(void *content)
{
    memory_image_clear(content);
    free(content);
}

static const struct durable_form form = {print, discard};

/* Gives the text's number; 0: it is not written. */
static uint64_t save(struct memory_file *file)
{
    struct memory_image *copy;

    if (!file->durable)
        return 0;
    copy = calloc(1, sizeof *copy);
    if (copy && memory_image_copy(&file->image, copy))
        return durable_file_write(file->durable, copy);
    free(copy);
    log_event(LOG_ERR, "memory", "text=\"memory is short: it was not written down\"");
    return 0;
}

void memory_file_retire(struct memory_file *file, uint32_t cluster)
{
    if (take_cluster(file, cluster))
        save(file);
}

static void mind_error(struct memory_file *file)
{
    int error = file->durable ? durable_file_error(file->durable) : 0;

    if (!file->durable || error == file->error)
        return;
    file->error = error;
    file->problem[0] = '\0';
    if (error) {
        snprintf(file->problem, sizeof file->problem, "%s cannot be written: %s",
                 file->options.path, strerror(error));
        log_event(
            LOG_ERR, "memory",
            "key=memory text=\"it cannot be written: %s; no action is taken; tried again each "
            "second\"",
            strerror(error));
    } else {
        log_event(LOG_NOTICE, "memory", "key=memory text=\"it is written again\"");
    }
}

void memory_file_mind(struct memory_file *file)
{
    if (take_all(file))
        save(file);
    mind_error(file);
}

static void on_hurry(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    memory_file_mind(context);
}

void memory_file_hurry(struct memory_file *file)
{
    const struct timeval now = {.tv_sec = 0};
    if (!event_pending(file->hurry, EV_TIMEOUT, NULL))
        event_add(file->hurry, &now);
}

static void on_written(evutil_socket_t fd, short what, void *context)
{
    struct memory_file *file = context;
    uint64_t count;
    (void)what;

    (void)!read((int)fd, &count, sizeof count);
    mind_error(file);
    if (file->options.written)
        file->options.written(file->options.context);
}

/* ---- Intents ---- */

const struct intent *memory_file_intent(const struct memory_file *file, uint32_t cluster)
{
    const char *name = roster_cluster_name(file->options.roster, cluster);

    for (size_t i = 0; i < file->image.count; i++)
        if (strcmp(file->image.clusters[i].name, name) == 0)
            return file->image.clusters[i].intent.id[0] ? &file->image.clusters[i].intent : NULL;
    return NULL;
}

uint64_t memory_file_intend(struct memory_file *file, uint32_t cluster, const struct intent *intent)
{
    struct memory_cluster *image =
        file->options.roster->clusters[cluster].used ? image_of(file, cluster) : NULL;

    if (!image)
        return 0;
    image->intent = *intent;
    take_all(file);
    return save(file);
}

bool memory_file_is_written(struct memory_file *file, uint64_t number)
{
    return number && file->durable && durable_file_written(file->durable) >= number;
}

const char *memory_file_problem(const struct memory_file *file)
{
    return file->problem[0] ? file->problem : NULL;
}

/* ---- Life ---- */

static void refuse(struct memory_file *file, const char *why)
{
    char value[LOG_VALUE_MAX + 300];
    char text[LOG_VALUE_MAX + 200];

    snprintf(file->problem, sizeof file->problem, "%s: %s", file->options.path, why);
    snprintf(
        text, sizeof text,
        "%s; what was known of clusters and nodes is not, what is learnt now is kept in memory "
        "only, and no action is taken: put a good copy in its place, or remove it, and restart",
        file->problem);
    log_event(LOG_ERR, "memory", "key=memory text=%s", log_value(value, sizeof value, text));
}

/* False: the file is there and cannot be used. */
static bool load(struct memory_file *file)
{
    char problem[MEMORY_PROBLEM_SIZE];
    int error;
    char *text = durable_file_read(file->options.path, &error);

    if (!text && error == ENOENT)
        return true;
    if (!text)
        snprintf(problem, sizeof problem, "%s", strerror(error));
    bool good = text && memory_parse(text, &file->image, problem);
    if (!good)
        refuse(file, problem);
    free(text);
    return good;
}

static struct event *new_event(struct memory_file *file, int fd, short what, event_callback_fn call)
{
    struct event *event = event_new(file->options.base, fd, what, call, file);
    if (event)
        event_priority_set(event, 1);
    return event;
}

static bool begin(struct memory_file *file)
{
    file->places = calloc(file->options.roster->directory.cluster_capacity, sizeof *file->places);
    file->hurry = new_event(file, -1, 0, on_hurry);
    if (!file->places || !file->hurry)
        return false;
    if (!file->options.path) {
        snprintf(file->problem, sizeof file->problem, "no file is configured for it (memory)");
        return true;
    }
    if (!load(file))
        return true;
    file->durable = durable_file_create(file->options.path, &form);
    file->written = file->durable ? new_event(file, durable_file_descriptor(file->durable),
                                              EV_READ | EV_PERSIST, on_written)
                                  : NULL;
    if (!file->written || event_add(file->written, NULL) == -1)
        return false;
    save(file); /* whether it can be written shows now, not when it has to be */
    return true;
}

struct memory_file *memory_file_create(const struct memory_file_options *options)
{
    struct memory_file *file = calloc(1, sizeof *file);

    if (!file)
        return NULL;
    file->options = *options;
    if (begin(file))
        return file;
    memory_file_destroy(file, 0);
    return NULL;
}

void memory_file_destroy(struct memory_file *file, int patience_ms)
{
    if (!file)
        return;
    if (file->durable && take_all(file))
        save(file);
    if (file->hurry)
        event_free(file->hurry);
    if (file->written)
        event_free(file->written);
    durable_file_destroy(file->durable, patience_ms);
    memory_image_clear(&file->image);
    free(file->places);
    free(file);
}
