/*
 * bootstrap_world.c - the life of a cluster: commits, stops, crashes and worse.
 */
#include "bootstrap_world.h"

#include "random.h"

#include <string.h>

static uint64_t below(struct world *world, uint64_t bound)
{
    return random_below(&world->dice, bound);
}

static bool one_in(struct world *world, uint64_t count)
{
    return below(world, count) == 0;
}

struct health_uuid world_uuid(int history)
{
    return (struct health_uuid){(uint64_t)history << 40, (uint64_t)history};
}

int64_t world_position(const struct world *world, const struct world_node *node)
{
    return world->base + node->length;
}

static uint32_t all_of(const struct world *world)
{
    return world->count + world->strangers;
}

static uint32_t members(const struct world *world, int side)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < all_of(world); i++)
        count += world->nodes[i].primary && world->nodes[i].side == side;
    return count;
}

/* A node of this kind by chance; NULL: there is none. */
static struct world_node *pick(struct world *world, bool up, bool primary)
{
    uint32_t first = (uint32_t)below(world, all_of(world));

    for (uint32_t i = 0; i < all_of(world); i++) {
        struct world_node *node = &world->nodes[(first + i) % all_of(world)];
        if (node->up == up && node->primary == primary)
            return node;
    }
    return NULL;
}

/* ---- Files ---- */

static void write_saved(struct world_node *node, int history, int64_t seqno, bool safe)
{
    node->saved =
        (struct health_grastate){.known = true,
                                 .uuid = world_uuid(history),
                                 .seqno = seqno,
                                 .safe_to_bootstrap = safe ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO};
}

/* Each member of a new Primary view recomputes its flag. */
static void new_view(struct world *world, int side)
{
    for (uint32_t i = 0; i < all_of(world); i++) {
        struct world_node *node = &world->nodes[i];
        if (!node->primary || node->side != side)
            continue;
        node->flag = members(world, side) == 1;
        write_saved(node, node->history, -1, node->flag);
        node->gvwstate = true;
    }
}

/* ---- Events ---- */

static void flush(struct world *world, struct world_node *node)
{
    if (one_in(world, 2))
        node->durable = node->length;
    if (node->length - node->durable > WORLD_UNFLUSHED)
        node->durable = node->length - WORLD_UNFLUSHED;
}

static void commit(struct world *world)
{
    for (int side = 0; side < 2; side++) {
        uint32_t transaction = ++world->transactions;
        for (uint32_t i = 0; i < all_of(world); i++) {
            struct world_node *node = &world->nodes[i];
            if (!node->primary || node->side != side || node->length == WORLD_LOG)
                continue;
            node->log[node->length++] = transaction;
            flush(world, node);
        }
    }
}

static void raise_mark(struct world *world, const struct world_node *node)
{
    world->mark = (struct health_position){world_uuid(node->history), world_position(world, node)};
    world->mark_length = node->length;
    world->mark_transaction = node->length ? node->log[node->length - 1] : 0;
}

/* healthd asks each node that serves, and misses some. */
static void sample(struct world *world)
{
    for (uint32_t i = 0; i < world->count; i++) {
        struct world_node *node = &world->nodes[i];
        struct health_position at = {world_uuid(node->history), world_position(world, node)};
        if (!node->primary || one_in(world, 2))
            continue;
        if (node->served.history.hi != at.history.hi || at.seqno > node->served.seqno)
            node->served = at;
        node->served_size = (int32_t)members(world, node->side);
        node->taint = HEALTH_TAINT_NONE;
        world->primary_size = node->served_size;
        if (world->mark.history.hi != at.history.hi || at.seqno > world->mark.seqno)
            raise_mark(world, node);
    }
}

static void go_down(struct world_node *node, bool code_0, bool seen)
{
    node->up = node->primary = false;
    node->code_0 = code_0;
    node->code_seen = seen;
    node->left = false;
}

/* Exit 0, with the position saved; sometimes killed before InnoDB has flushed, and then nobody saw how. */
static void stop(struct world *world, struct world_node *node)
{
    bool was_primary = node->primary;
    bool cut_short = one_in(world, 20);

    write_saved(node, node->history, world_position(world, node), node->flag);
    node->gvwstate = false;
    if (cut_short)
        node->length = node->durable;
    else
        node->durable = node->length;
    world->odd |= cut_short;
    go_down(node, !cut_short, !cut_short && !one_in(world, 20));
    node->left = was_primary;
    new_view(world, node->side);
}

/* A signal. Paused by a backup, its file has a position. */
static void crash(struct world *world, struct world_node *node)
{
    if (one_in(world, 10)) {
        node->saved.seqno = world_position(world, node);
        world->odd = true;
    }
    node->length = node->durable;
    go_down(node, false, true);
}

/* Some members of a side crash at once; the others go on if they are a majority. */
static void crash_some(struct world *world, uint32_t wanted)
{
    struct world_node *first = pick(world, true, true);
    int side = first ? first->side : 0;
    uint32_t before = members(world, side);

    for (uint32_t i = 0; first && i < all_of(world) && wanted; i++)
        if (world->nodes[i].primary && world->nodes[i].side == side && !one_in(world, 3)) {
            crash(world, &world->nodes[i]);
            wanted--;
        }
    if (2 * members(world, side) > before)
        new_view(world, side);
    else
        for (uint32_t i = 0; i < all_of(world); i++)
            if (world->nodes[i].side == side)
                world->nodes[i].primary = false;
}

static void copy_data(const struct world_node *donor, struct world_node *node, int64_t length)
{
    memcpy(node->log, donor->log, sizeof node->log);
    node->length = node->durable = length;
    node->history = donor->history;
    node->side = donor->side;
    node->hollow = false;
}

static void tear(struct world *world, const struct world_node *donor, struct world_node *node)
{
    node->hollow = true;
    node->claims = world_position(world, donor);
    node->history = donor->history;
    node->length = node->durable = 0;
    if (one_in(world, 2))
        write_saved(node, 0, -1, false);
    else
        write_saved(node, node->history, -1, false);
    node->marker = node->saved.uuid.hi != 0;
    node->gvwstate = true;
    node->taint = one_in(world, 2) ? HEALTH_TAINT_JOINING : node->taint;
    go_down(node, false, true);
    world->odd = true;
}

/* A state transfer, whole or torn, from whoever serves. */
static void join(struct world *world)
{
    struct world_node *node = pick(world, false, false);
    const struct world_node *donor = pick(world, true, true);

    if (!node || !donor)
        return;
    if (one_in(world, 4)) {
        tear(world, donor, node);
        return;
    }
    copy_data(donor, node, donor->length);
    node->marker = false;
    node->up = node->primary = true;
    new_view(world, node->side);
}

/* Its last write-set came out otherwise than on the others: it is voted out, and marks itself corrupt. */
static void fail_vote(struct world *world)
{
    struct world_node *node = pick(world, true, true);

    if (!node || members(world, node->side) < 3 || !node->length)
        return;
    node->log[node->length - 1] |= WORLD_WRONG;
    node->durable = node->length;
    go_down(node, one_in(world, 2), true);
    node->gvwstate = false;
    write_saved(node, 0, -1, false);
    if (one_in(world, 2))
        node->taint = HEALTH_TAINT_INCONSISTENT;
    if (node->taint == HEALTH_TAINT_INCONSISTENT && one_in(world, 3))
        write_saved(node, node->history, -1, false); /* by a tool that writes what was recovered */
    new_view(world, node->side);
    world->odd = true;
}

static void wipe(struct world *world)
{
    struct world_node *node = pick(world, false, false);

    if (!node)
        return;
    node->history = 0;
    node->hollow = node->marker = node->gvwstate = false;
    node->length = node->durable = 0;
    write_saved(node, 0, -1, true);
    node->saved.known = one_in(world, 2);
    world->odd = true;
}

/* Both halves are made Primary by hand, and healthd sees it. */
static void split(struct world *world)
{
    if (world->split || members(world, 0) < 2)
        return;
    bool other = false;
    for (uint32_t i = 0; i < all_of(world); i++)
        if (world->nodes[i].primary && (other = !other))
            world->nodes[i].side = 1;
    new_view(world, 0);
    new_view(world, 1);
    world->split = world->odd = true;
}

/* A node that is down is begun with an undefined position: a new history upon its old data. */
static void begin_anew(struct world *world)
{
    struct world_node *node = pick(world, false, false);

    if (!node || members(world, 0) || members(world, 1) || node->hollow)
        return;
    node->history = ++world->histories;
    node->up = node->primary = true;
    node->marker = false;
    new_view(world, node->side);
    world->odd = true;
}

/* ---- A life ---- */

static void stop_all_at_once(struct world *world)
{
    for (uint32_t i = 0; i < all_of(world); i++)
        if (world->nodes[i].up && members(world, world->nodes[i].side) > 1)
            world->nodes[i].flag = false;
    for (uint32_t i = 0; i < all_of(world); i++) {
        struct world_node *node = &world->nodes[i];
        bool flag = node->flag;
        if (!node->up)
            continue;
        stop(world, node);
        node->saved.safe_to_bootstrap = flag ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO;
        for (uint32_t k = i + 1; k < all_of(world); k++)
            world->nodes[k].flag = false;
    }
}

static void happen(struct world *world, bool calm)
{
    struct world_node *node;

    switch (below(world, calm ? 14 : 22)) {
    case 12:
        if ((node = pick(world, true, one_in(world, 4) ? false : true)))
            stop(world, node);
        break;
    case 13:
        join(world);
        break;
    case 14:
    case 15:
        crash_some(world, 1 + (uint32_t)below(world, 2));
        break;
    case 16:
        fail_vote(world);
        break;
    case 17:
        wipe(world);
        break;
    case 18:
        if (one_in(world, 6))
            split(world);
        break;
    case 19:
    case 20:
        begin_anew(world);
        break;
    default:
        for (uint64_t i = below(world, 6); i > 0; i--)
            commit(world);
        sample(world);
    }
}

static void end(struct world *world)
{
    uint64_t kind = below(world, 4);

    if (kind == 0)
        stop_all_at_once(world);
    for (uint32_t i = 0; i < all_of(world); i++) {
        uint32_t place = (i + (uint32_t)(world->seed % all_of(world))) % all_of(world);
        struct world_node *node = &world->nodes[place];
        if (!node->up || one_in(world, 40))
            continue; /* some live on */
        if (kind == 1 || (kind == 3 && one_in(world, 2)))
            stop(world, node);
        else
            crash(world, node);
    }
}

static int64_t first_position(struct world *world)
{
    const int64_t bases[] = {
        0, 0, 990, 9990, (int64_t)below(world, INT64_C(1) << 62), INT64_MAX - 2 * WORLD_LOG};
    return bases[below(world, sizeof bases / sizeof *bases)];
}

void world_live(uint64_t seed, struct world *ret_world)
{
    struct world *world = ret_world;
    bool calm;

    *world = (struct world){.seed = seed, .dice = seed, .histories = 1};
    world->count = 2 + (uint32_t)below(world, 4);
    world->strangers = one_in(world, 12);
    world->odd = world->strangers;
    world->base = first_position(world);
    world->mark.seqno = HEALTH_SEQNO_NONE;
    calm = one_in(world, 2);
    for (uint32_t i = 0; i < all_of(world); i++) {
        world->nodes[i].history = 1;
        world->nodes[i].up = world->nodes[i].primary = true;
        world->nodes[i].served.seqno = HEALTH_SEQNO_NONE;
    }
    new_view(world, 0);
    sample(world);
    for (uint64_t i = 5 + below(world, 40); i > 0; i--)
        happen(world, calm);
    end(world);
}

/* ---- The truth ---- */

/* Galera takes the file's position, and what was recovered only in its stead. */
static bool holds_what_it_says(const struct world *world, const struct world_node *node)
{
    int64_t begins = node->saved.seqno >= 0 ? node->saved.seqno : world->base + node->durable;

    return node->saved.uuid.hi == world_uuid(node->history).hi && !node->hollow && !node->up &&
           begins == world->base + node->durable;
}

static bool has_what_was_served(const struct world *world, const struct world_node *node)
{
    return node->durable >= world->mark_length &&
           (!world->mark_length || node->log[world->mark_length - 1] == world->mark_transaction);
}

const char *world_loses(const struct world *world, uint32_t place)
{
    const struct world_node *chosen = &world->nodes[place];

    if (!holds_what_it_says(world, chosen))
        return "it begins with a position that its data does not have";
    if (!has_what_was_served(world, chosen))
        return "it lacks a transaction that was seen to be served";
    for (uint32_t i = 0; i < all_of(world); i++) {
        const struct world_node *node = &world->nodes[i];
        for (int64_t k = 0; k < node->durable; k++) {
            if (node->log[k] & WORLD_WRONG)
                continue;
            if (k >= chosen->durable || chosen->log[k] != node->log[k])
                return "another disk holds a committed transaction that it does not";
        }
    }
    return NULL;
}
