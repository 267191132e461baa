/*
 * group.c - Galera's group: who is in which view, and how views change.
 *
 * A member that falls silent is evicted after suspect_timeout by those who still hear each other; a
 * member that leaves politely is out at once. The rest is Primary if it is more than half of the Primary
 * view before it, not counting who left politely. Components that can reach each other again merge.
 *
 * Assumed, from how EVS agrees on a view: none is installed while a member is silent and not yet suspected,
 * so a leave or a join waits for the eviction. Assumed: components of which none is Primary become Primary
 * again when more than half of the last Primary view's members meet.
 */
#include "world.h"

#define SUSPECT_MS 5000
#define SUSPECT_SPREAD_MS 700
#define INACTIVE_MS 15000

static uint32_t bit(uint32_t id)
{
    return UINT32_C(1) << id;
}

static int32_t count(uint32_t members)
{
    return __builtin_popcount(members);
}

static bool in_group(const struct member *member)
{
    return member->view != NO_VIEW && !member->frozen && member->life != LIFE_DOWN &&
           member->life != LIFE_DYING && !member->host_off;
}

bool group_present(const struct world *world, uint32_t id, uint32_t other)
{
    const struct member *a = &world->members[id];
    const struct member *b = &world->members[other];
    return in_group(a) && in_group(b) && a->zone == b->zone && a->view == b->view;
}

/* The members that a member hears in its view, with itself. */
static uint32_t company(const struct world *world, uint32_t id)
{
    uint32_t members = 0;
    for (uint32_t i = 0; i < world->member_count; i++)
        if (group_present(world, id, i))
            members |= bit(i);
    return members;
}

static int view_make(struct world *world, const struct view *like)
{
    int index = world->view_next;
    struct view *view = &world->views[index];
    bool slow = percent(world, 3);

    world->view_next = (index + 1) % VIEWS_MAX;
    *view = *like;
    view->made = world->now;
    view->suspect_ms = SUSPECT_MS + (slow ? between(world, 1000, INACTIVE_MS - SUSPECT_MS)
                                          : between(world, -SUSPECT_SPREAD_MS, SUSPECT_SPREAD_MS));
    view->merge_ms = between(world, 1000, 2500);
    view->left = 0;
    return index;
}

/* Each member installs a view at its own moment, up to 40 ms later. */
static void install(struct world *world, uint32_t id, int view)
{
    struct member *member = &world->members[id];
    member->view = view;
    member->shows_at = world->now + between(world, 0, 40);
    for (uint32_t i = 0; i < world->member_count; i++)
        if (!(world->views[view].members & bit(i)))
            member->lost[i] = 0;
}

static void install_all(struct world *world, uint32_t members, int view)
{
    for (uint32_t i = 0; i < world->member_count; i++)
        if (members & bit(i))
            install(world, i, view);
    world_tell(world, "view %llu of %x, %d members, %s, base %x, in %x",
               (unsigned long long)world->views[view].conf,
               (unsigned)(world->views[view].history & 0xffff), count(world->views[view].members),
               world->views[view].primary ? "Primary" : "non-Primary",
               (unsigned)world->views[view].base, (unsigned)members);
}

/* Note whom a member does not hear. Gives the shortest silence: a new view is agreed on by all who are not
 * suspected yet, so a member that fell silent later holds it up. */
static int64_t listen(struct world *world, uint32_t id)
{
    struct member *member = &world->members[id];
    const struct view *view = &world->views[member->view];
    int64_t shortest = INT64_MAX;

    for (uint32_t i = 0; i < world->member_count; i++) {
        if (!(view->members >> i & 1u) || group_present(world, id, i)) {
            member->lost[i] = 0;
            continue;
        }
        if (!member->lost[i])
            member->lost[i] = world->now;
        if (view->left >> i & 1u)
            continue;
        int64_t silence = world->now - member->lost[i];
        shortest = silence < shortest ? silence : shortest;
    }
    return shortest == INT64_MAX ? 0 : shortest;
}

/* Those who hear each other go on without those who were silent for too long. */
static void evict(struct world *world, uint32_t id)
{
    const struct view *old = &world->views[world->members[id].view];
    uint32_t rest = company(world, id);
    struct view next = *old;

    for (uint32_t i = 0; i < world->set.nodes; i++)
        if (old->members & ~rest & bit(i))
            world->members[i].evicted_at = world->now;
    next.members = rest;
    if (old->primary) {
        next.primary = 2 * count(rest) > count(old->members & ~old->left);
        next.base = next.primary ? rest : old->members & ~old->left;
        next.conf = old->conf + next.primary;
    }
    install_all(world, rest, view_make(world, &next));
}

static bool settled(const struct world *world, uint32_t id)
{
    const struct member *member = &world->members[id];
    for (uint32_t i = 0; i < world->member_count; i++)
        if (member->lost[i])
            return false;
    const struct view *view = &world->views[member->view];
    int64_t since = view->made > world->zoned ? view->made : world->zoned;
    return world->now - since >= view->merge_ms;
}

/* Members of `joined` come into a Primary component: they catch up for a moment. */
static void merge(struct world *world, uint32_t joined, uint32_t all, const struct view *like)
{
    struct view next = *like;
    next.members = next.base = all;
    next.primary = true;
    next.conf = like->conf + 1;
    install_all(world, all, view_make(world, &next));
    for (uint32_t i = 0; i < world->set.nodes; i++)
        if (joined & bit(i))
            world->members[i].synced_at = world->now + 40 + between(world, 0, 400);
}

/* Components within a zone that have found each other. Two Primary ones never merge. */
static void merge_zone(struct world *world, int zone)
{
    uint32_t lonely = 0;
    uint32_t primary = 0;
    const struct view *newest = NULL;
    const struct view *home = NULL;

    for (uint32_t i = 0; i < world->member_count; i++) {
        const struct member *member = &world->members[i];
        if (!in_group(member) || member->zone != zone)
            continue;
        const struct view *view = &world->views[member->view];
        if (!settled(world, i)) {
            if (view->primary)
                return; /* busy with a change of its own */
            continue;
        }
        if (view->primary) {
            if (home && home != view)
                return;
            home = view;
            primary |= bit(i);
        } else {
            lonely |= bit(i);
            if (!newest || view->conf > newest->conf)
                newest = view;
        }
    }
    if (!lonely)
        return;
    for (uint32_t i = 0; home && i < world->member_count; i++)
        if (lonely & bit(i) && world->views[world->members[i].view].history != home->history)
            return;
    if (home)
        merge(world, lonely, lonely | primary, home);
    else if (2 * count(lonely & newest->base) > count(newest->base))
        merge(world, lonely, lonely, newest);
}

void group_step(struct world *world)
{
    for (uint32_t i = 0; i < world->member_count; i++) {
        struct member *member = &world->members[i];
        if (world->now >= member->shows_at)
            member->shown = member->view;
        if (!in_group(member) || world->now % 10)
            continue;
        if (listen(world, i) >= world->views[member->view].suspect_ms)
            evict(world, i);
    }
    if (world->now % 50 == 0)
        for (int zone = 0; zone < 2; zone++)
            merge_zone(world, zone);
}

void group_found(struct world *world, uint32_t id, uint64_t history, uint64_t conf)
{
    const struct view view = {
        .members = bit(id), .base = bit(id), .conf = conf, .history = history, .primary = true};
    install_all(world, bit(id), view_make(world, &view));
    world->members[id].synced_at = world->now;
    world->foundings++;
}

/* A starting node asks whom it reaches to be let in. */
bool group_join(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];

    for (uint32_t i = 0; i < world->member_count; i++) {
        const struct member *other = &world->members[i];
        if (i == id || !in_group(other) || other->zone != node->zone)
            continue;
        const struct view *view = &world->views[other->view];
        if (!view->primary || (view->members & bit(id)) ||
            count(company(world, i)) < count(view->members))
            continue;
        struct view next = *view;
        uint32_t all = company(world, i) | bit(id);
        next.members = next.base = view->members | bit(id);
        next.conf = view->conf + 1;
        install_all(world, all, view_make(world, &next));
        return true;
    }
    return false;
}

/* A polite leave: those who hear it have a smaller view at once. */
void group_leave(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    uint32_t all = company(world, id);
    uint32_t rest = all & ~bit(id);

    if (node->view != NO_VIEW && all != world->views[node->view].members) {
        world->views[node->view].left |=
            bit(id); /* no view is agreed on while a member is silent */
    } else if (rest) {
        struct view next = world->views[node->view];
        next.members &= ~bit(id);
        next.base &= ~bit(id);
        next.conf += next.primary;
        install_all(world, rest, view_make(world, &next));
    }
    node->view = NO_VIEW;
}

/* pc.bootstrap on a component that is not Primary. */
void group_force_primary(struct world *world, uint32_t id)
{
    const struct member *node = &world->members[id];
    uint32_t all = company(world, id);
    struct view next = world->views[node->view];

    next.members = next.base = all;
    next.primary = true;
    next.conf++;
    world->foundings++;
    install_all(world, all, view_make(world, &next));
    for (uint32_t i = 0; i < world->set.nodes; i++)
        if (all & bit(i))
            world->members[i].synced_at = world->now + 50;
}

int group_serving(const struct world *world)
{
    int best = NO_VIEW;
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        const struct member *node = &world->members[i];
        if (!in_group(node) || !mysqld_serves(world, node) || !world->views[node->view].primary)
            continue;
        const struct view *view = &world->views[node->view];
        if (2 * count(company(world, i)) <= count(view->members))
            continue;
        if (best == NO_VIEW || count(world->views[best].members) < count(view->members))
            best = node->view;
    }
    return best;
}
