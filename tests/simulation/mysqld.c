/*
 * mysqld.c - one server's life, and what it answers.
 *
 * Assumed: a joiner whose donor dies goes on; one that is stopped politely before it serves ends by the
 * signal; a server that ends before it joined has changed none of Galera's files.
 */
#include "world.h"

#include <string.h>

bool mysqld_runs(const struct member *node)
{
    return node->life != LIFE_DOWN && node->life != LIFE_DYING;
}

bool mysqld_serves(const struct world *world, const struct member *node)
{
    return node->life == LIFE_UP && !node->frozen && !node->inconsistent && node->view != NO_VIEW &&
           world->views[node->view].primary && world->now >= node->synced_at;
}

static const struct view *view_of(const struct world *world, const struct member *node)
{
    return node->view == NO_VIEW ? NULL : &world->views[node->view];
}

static struct health_uuid history_uuid(uint64_t history)
{
    return (struct health_uuid){history, UINT64_C(0x77)};
}

static struct health_uuid member_uuid(const struct world *world, uint32_t id)
{
    return (struct health_uuid){
        UINT64_C(0x1000000000) * (id + 1) + (uint64_t)world->members[id].lives, id + 1};
}

static void shut_port(struct world *world, struct member *node)
{
    if (node->port == PORT_SHUT)
        return;
    node->port = PORT_SHUT;
    node->shut = world->now;
}

void mysqld_start(struct world *world, uint32_t id, bool bootstraps)
{
    struct member *node = &world->members[id];
    if (node->life != LIFE_DOWN || node->host_off)
        return;
    node->life = LIFE_STARTING;
    node->born = world->now;
    node->lives++;
    node->until = world->now + between(world, 300, 3000);
    node->bootstraps = bootstraps;
    node->inconsistent = node->paused = node->crowded = node->frozen = node->desynced = false;
    node->gives_to = node->donor = -1;
    node->restart_at = 0;
    node->shown = node->view = NO_VIEW;
    world_tell(world, "n%u starts%s", id + 1, bootstraps ? " a new cluster" : "");
}

static void give_donation(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    for (uint32_t i = 0; i < world->set.nodes; i++)
        if (i != id && group_present(world, id, i) && world->members[i].life == LIFE_UP &&
            world->members[i].gives_to < 0) {
            node->donor = (int)i;
            world->members[i].gives_to = (int)id;
            return;
        }
}

static void end_donation(struct world *world, struct member *node)
{
    if (node->donor >= 0)
        world->members[node->donor].gives_to = -1;
    node->donor = -1;
}

/* What a process leaves behind when it ends. */
static void leave_behind(struct world *world, uint32_t id, bool clean)
{
    struct member *node = &world->members[id];
    bool torn = node->life == LIFE_JOINING && node->by_sst;
    bool saved = clean || (node->paused && !torn);

    node->touched = node->life != LIFE_STARTING;
    if (node->life != LIFE_STARTING || clean) {
        uint64_t history =
            node->view == NO_VIEW ? world->last_history : world->views[node->view].history;
        node->saved = (struct health_grastate){
            .known = true,
            .uuid = torn || node->inconsistent ? (struct health_uuid){0, 0} : history_uuid(history),
            .seqno = saved && !node->inconsistent ? 7 : -1,
        };
        node->gvwstate = clean ? HEALTH_ANSWER_NO : HEALTH_ANSWER_YES;
        node->sst_marker = torn ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO;
    }
    /* A server that ends before it joined has changed no file of Galera's. */
}

static void ended(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    end_donation(world, node);
    if (node->gives_to >= 0)
        world->members[node->gives_to].donor = -1;
    node->gives_to = -1;
    node->view = NO_VIEW;
    node->ended = world->now;
    node->frozen = false;
    agents_process_ended(world, id);
}

void mysqld_kill(struct world *world, uint32_t id, uint8_t exit_kind, int32_t exit_value)
{
    struct member *node = &world->members[id];
    if (!mysqld_runs(node))
        return;
    world_tell(world, "n%u is killed (%s %d)", id + 1,
               exit_kind == HEALTH_EXIT_SIGNAL ? "signal" : "exit code", exit_value);
    node->killed_leaving = node->life == LIFE_LEAVING && !node->steps[0];
    leave_behind(world, id, false);
    ended(world, id);
    node->life = LIFE_DYING;
    node->clean = false;
    node->exit_kind = exit_kind;
    node->exit_value = exit_value;
    node->until =
        world->now + (percent(world, 80) ? between(world, 5, 60) : between(world, 60, 500));
    if (percent(world, 30))
        node->restart_at = node->until + between(world, 20, 8000); /* a supervisor */
}

void mysqld_stop(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    if (!mysqld_runs(node) || node->life == LIFE_LEAVING || node->frozen)
        return;
    if (node->life != LIFE_UP) { /* a server that starts is stopped the hard way in the end */
        mysqld_kill(world, id, HEALTH_EXIT_SIGNAL, 15);
        return;
    }
    world_tell(world, "n%u is stopped politely", id + 1);
    end_donation(world, node);
    node->life = LIFE_LEAVING;
    node->leaving_says_disconnected = percent(world, 30);
    int64_t leaves = world->now + between(world, 5, 40);
    node->steps[0] = leaves;
    node->steps[1] = leaves + between(world, -5, 50);
    node->until =
        node->steps[1] + (percent(world, 70) ? between(world, 900, 1100) : between(world, 60, 900));
    node->steps[2] = node->until - between(world, 5, 50);
}

static void leaving(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    if (node->steps[0] && world->now >= node->steps[0]) {
        group_leave(world, id);
        node->steps[0] = 0;
    }
    if (node->steps[1] && world->now >= node->steps[1]) {
        node->connections++;
        node->port = PORT_HANGS;
        node->steps[1] = 0;
    }
    if (world->now >= node->steps[2])
        shut_port(world, node);
    if (world->now < node->until)
        return;
    leave_behind(world, id, true);
    ended(world, id);
    node->life = LIFE_DOWN;
    node->killed_leaving = false;
    node->clean = !node->inconsistent; /* its files are tainted, whatever its exit code */
    node->exit_kind = HEALTH_EXIT_CODE;
    node->exit_value = 0;
    world_tell(world, "n%u has exited, code 0", id + 1);
}

static void starting(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    if (node->bootstraps) {
        bool known = node->saved.known && node->saved.seqno >= 0 && node->saved.uuid.hi;
        if (!known)
            world->last_history += UINT64_C(0x0000010100000001);
        node->life = LIFE_JOINING;
        node->by_sst = false;
        node->until = world->now + between(world, 100, 600);
        group_found(world, id, known ? node->saved.uuid.hi : world->last_history, 1);
        return;
    }
    if (group_join(world, id)) {
        node->life = LIFE_JOINING;
        node->by_sst = percent(world, 30) || !node->saved.uuid.hi;
        node->until =
            world->now + (node->by_sst ? between(world, 2000, 25000) : between(world, 800, 4000));
        node->synced_at = node->until + between(world, 0, 120);
        give_donation(world, id);
        world_tell(world, "n%u joins", id + 1);
    } else if (world->now - node->born > 33000) { /* wait_prim_timeout */
        mysqld_kill(world, id, HEALTH_EXIT_CODE, 1);
    } else {
        node->until = world->now + 200;
    }
}

static void joined(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    end_donation(world, node);
    node->life = LIFE_UP;
    node->port = PORT_OPEN;
    node->connections++;
    world_tell(world, "n%u takes connections", id + 1);
}

void mysqld_step(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];

    if (node->frozen && mysqld_runs(node)) {
        node->until++; /* nothing goes on in it */
        for (int i = 0; i < 3; i++)
            node->steps[i] += node->steps[i] != 0;
        return;
    }
    if (node->life == LIFE_LEAVING)
        leaving(world, id);
    else if (node->life == LIFE_STARTING && world->now >= node->until)
        starting(world, id);
    else if (node->life == LIFE_JOINING && world->now >= node->until)
        joined(world, id);
    else if (node->life == LIFE_DYING && world->now >= node->until) {
        node->connections++;
        shut_port(world, node);
        node->life = LIFE_DOWN;
        world_tell(world, "n%u's connections close", id + 1);
    } else if (node->life == LIFE_DOWN && node->restart_at && world->now >= node->restart_at)
        mysqld_start(world, id, false);
}

static void say_left(const struct member *node, struct health_view *says)
{
    says->ready = HEALTH_ANSWER_NO;
    says->local_state = HEALTH_LOCAL_SYNCED;
    says->component = HEALTH_COMPONENT_NON_PRIMARY;
    says->size = 1;
    if (node->leaving_says_disconnected || node->inconsistent) {
        says->local_state = node->inconsistent ? HEALTH_LOCAL_ERROR : HEALTH_LOCAL_SYNCED;
        says->component = HEALTH_COMPONENT_DISCONNECTED;
        says->connected = HEALTH_ANSWER_NO;
        says->conf_id = HEALTH_CONF_NONE;
        says->size = 0;
    }
}

static void list_members(const struct world *world, const struct view *shown,
                         struct health_view *says, struct health_member *members)
{
    uint8_t listed = 0;
    for (uint32_t i = 0; i < world->member_count; i++)
        if (shown->members >> i & 1u)
            members[listed++] = (struct health_member){
                .gcomm_uuid = member_uuid(world, i),
                .node = i < world->set.nodes ? i : HEALTH_NODE_NONE,
            };
    says->member_count = listed;
    says->members = members;
}

/* SHOW STATUS LIKE 'wsrep_%'. */
static void say_status(struct world *world, uint32_t id, struct health_view *says,
                       struct health_member *members)
{
    const struct member *node = &world->members[id];
    const struct view *shown = node->shown == NO_VIEW ? NULL : &world->views[node->shown];
    bool steps_in = shown && node->view != node->shown && node->view != NO_VIEW;

    memset(says, 0, sizeof *says);
    says->gcomm_uuid = member_uuid(world, id);
    says->conf_id = HEALTH_CONF_NONE;
    says->weight = -1;
    says->last_committed = -1;
    says->connected = HEALTH_ANSWER_YES;
    says->rejects = node->rejects ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO;
    if (shown)
        says->state_uuid = history_uuid(shown->history);
    if (!shown || node->view == NO_VIEW) {
        says->conf_id = shown ? shown->conf : HEALTH_CONF_NONE;
        say_left(node, says);
        return;
    }
    says->size = (int32_t)__builtin_popcount(shown->members);
    if (world->set.weights)
        says->weight = says->size;
    if (!shown->primary) {
        says->component = HEALTH_COMPONENT_NON_PRIMARY;
        says->local_state = HEALTH_LOCAL_UNDEFINED;
        says->ready = HEALTH_ANSWER_NO;
        return;
    }
    bool ready = world->now >= node->synced_at;
    says->component = HEALTH_COMPONENT_PRIMARY;
    says->conf_id = shown->conf;
    says->ready = ready ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO;
    says->local_state = !ready                                  ? HEALTH_LOCAL_JOINER
                        : node->gives_to >= 0 || node->desynced ? HEALTH_LOCAL_DONOR
                                                                : HEALTH_LOCAL_SYNCED;
    if (members && world->set.member_lists)
        list_members(world, shown, says, members);
    /* Read in the middle of a change: the new id with the old size. */
    if (steps_in && view_of(world, node)->primary && percent(world, 20))
        says->conf_id = view_of(world, node)->conf;
}

static void fail(struct health_probe *answer, enum health_probe_error error, uint16_t code)
{
    answer->ok = answer->has_view = false;
    answer->error = (uint8_t)error;
    answer->code = code;
}

bool mysqld_answer(struct world *world, uint32_t id, bool full, bool over_network,
                   struct health_probe *answer, struct health_member *members)
{
    const struct member *node = &world->members[id];

    memset(answer, 0, sizeof *answer);
    if (node->frozen || node->port == PORT_HANGS || node->life == LIFE_DYING)
        return false;
    if (node->port == PORT_SHUT) {
        fail(answer, HEALTH_PROBE_REFUSED, 2003);
    } else if (node->denies && over_network) {
        fail(answer, HEALTH_PROBE_AUTH, 1045);
    } else if (node->crowded) {
        fail(answer, HEALTH_PROBE_TOO_MANY_CONNECTIONS, 1040);
    } else if (full) {
        answer->ok = answer->has_view = true;
        say_status(world, id, &answer->view, members);
    } else if (mysqld_serves(world, node)) {
        answer->ok = true;
    } else {
        fail(answer, HEALTH_PROBE_NOT_READY, 1047);
    }
    return true;
}
