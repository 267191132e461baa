/*
 * bootstrap_choice.c - the positions of nodes that are down, the highest of them, and which known situation it is.
 *
 * What is compared has to be what Galera would then begin with. It takes the position of grastate.dat; that of
 * --wsrep-recover only where the file has the same UUID and no position (galera/src/replicator_smm.cpp, where the
 * saved state is read). So:
 *
 *  - A zero UUID is never overruled by what InnoDB recovers: Galera would begin a new history.
 *  - A saved position after a crash (the provider was paused: a backup, FLUSH TABLES WITH READ LOCK) is what would
 *    be begun with, whatever the data holds. Recovered lower: write-sets that were not flushed would be taken for
 *    applied, and never be transferred. Recovered higher: numbers would be given a second time. Only where both
 *    are the same is the position known.
 *  - A node that left politely and was not seen to exit with code 0 may have been killed before InnoDB had flushed:
 *    its saved position has to be confirmed in the same way.
 */
#include "bootstrap_choice.h"

/* ---- One node ---- */

int64_t node_word_age_ns(const struct health_case *known, const struct health_case_node *node)
{
    int64_t files_age_ns = known->now_ns - node->memory.files_ns;

    if (node->agent_age_ns < 0 || !node->memory.files_ns || files_age_ns < 0)
        return -1;
    return files_age_ns > node->agent_age_ns ? files_age_ns : node->agent_age_ns;
}

bool node_word_is_fresh(const struct health_case *known, const struct health_case_node *node)
{
    return is_fresh(known, node_word_age_ns(known, node));
}

bool node_recovery_is_of_this_stop(const struct health_case_node *node)
{
    return node->memory.recovery.status != HEALTH_RECOVERY_NONE &&
           node->memory.recovery_ns >= node->known.since_ns;
}

/* Its exit was seen to be clean, and no file contradicts it. */
static bool saved_is_proven(const struct health_case_node *node)
{
    return node->known.state == HEALTH_STATE_RED_CLEAN &&
           node->facts[HEALTH_FACT_EXIT] == HEALTH_EXIT_FACT_CLEAN &&
           node->memory.grastate.seqno >= 0 && node->memory.gvwstate == HEALTH_ANSWER_NO;
}

static bool recovered_is_begun_with(const struct health_case_node *node)
{
    const struct health_grastate *saved = &node->memory.grastate;
    const struct health_recovery *found = &node->memory.recovery;

    return found->status == HEALTH_RECOVERY_DONE && node_recovery_is_of_this_stop(node) &&
           health_uuid_equal(&found->uuid, &saved->uuid) && found->seqno >= 0 &&
           (saved->seqno < 0 || saved->seqno == found->seqno);
}

bool health_node_position(const struct health_case_node *node, struct health_position *ret_position)
{
    const struct health_node_memory *memory = &node->memory;
    bool saved = saved_is_proven(node);

    if (!node_is_red(node) || memory->process != HEALTH_PROCESS_STOPPED ||
        memory->taint != HEALTH_TAINT_NONE || memory->sst_in_progress != HEALTH_ANSWER_NO ||
        !memory->grastate.known || health_uuid_is_zero(&memory->grastate.uuid))
        return false;
    if (!saved && !recovered_is_begun_with(node))
        return false;
    *ret_position = (struct health_position){memory->grastate.uuid, saved ? memory->grastate.seqno
                                                                          : memory->recovery.seqno};
    return true;
}

/* ---- The highest ---- */

/* Of equal positions: which is the likelier to hold what it says, and the easier to begin with? Lower is better. */
enum rank {
    RANK_CLEAN_LAST, /* exited gracefully, and Galera itself marked it safe */
    RANK_CLEAN,      /* exited gracefully */
    RANK_SOLE,       /* crashed as the only member */
    RANK_OTHER,
};

static enum rank rank_of(const struct health_case_node *node)
{
    bool marked = node->memory.grastate.safe_to_bootstrap == HEALTH_ANSWER_YES;

    if (node->known.state == HEALTH_STATE_RED_CLEAN)
        return marked ? RANK_CLEAN_LAST : RANK_CLEAN;
    return marked ? RANK_SOLE : RANK_OTHER;
}

static bool in_history(const struct choice *choice, uint32_t place)
{
    return choice_knows(choice, place) &&
           health_uuid_equal(&choice->positions[place].history, &choice->history);
}

static bool is_better(const struct choice *choice, uint32_t place, uint32_t than)
{
    int64_t seqno = choice->positions[place].seqno;
    int64_t other = choice->positions[than].seqno;

    if (seqno != other)
        return seqno > other;
    return rank_of(&choice->known->nodes[place]) < rank_of(&choice->known->nodes[than]);
}

/* The history that was last served, if a node has it; else the first node's that has any. */
static struct health_uuid history_of(const struct choice *choice)
{
    struct health_uuid first = {0};

    for (uint32_t i = choice->known->count; i-- > 0;) {
        if (!choice_knows(choice, i))
            continue;
        first = choice->positions[i].history;
        if (health_uuid_equal(&first, &choice->known->memory.served.history))
            return first;
    }
    return first;
}

/* The highest, then the better rank, then the lowest place. */
static uint32_t best_of(const struct choice *choice)
{
    uint32_t best = HEALTH_NODE_NONE;

    for (uint32_t i = 0; i < choice->known->count; i++)
        if (in_history(choice, i) && (best == HEALTH_NODE_NONE || is_better(choice, i, best)))
            best = i;
    return best;
}

struct health_position choice_position(const struct choice *choice)
{
    if (choice->place == HEALTH_NODE_NONE)
        return (struct health_position){.seqno = HEALTH_SEQNO_NONE};
    return choice->positions[choice->place];
}

/* ---- The known situations ---- */

static bool all_are(const struct choice *choice, enum health_state state)
{
    for (uint32_t i = 0; i < choice->known->count; i++)
        if (choice->known->nodes[i].known.state != state)
            return false;
    return true;
}

static bool all_in_history(const struct choice *choice)
{
    for (uint32_t i = 0; i < choice->known->count; i++)
        if (!in_history(choice, i))
            return false;
    return true;
}

static bool all_equal(const struct choice *choice)
{
    for (uint32_t i = 1; i < choice->known->count; i++)
        if (choice->positions[i].seqno != choice->positions[0].seqno)
            return false;
    return true;
}

/* Is exactly one marked safe, with a saved position that is the highest? */
static bool marked_is_highest(const struct choice *choice)
{
    int64_t highest = choice_position(choice).seqno;
    uint32_t marked = 0;

    for (uint32_t i = 0; i < choice->known->count; i++) {
        const struct health_grastate *saved = &choice->known->nodes[i].memory.grastate;
        if (saved->safe_to_bootstrap == HEALTH_ANSWER_NO)
            continue;
        if (saved->safe_to_bootstrap != HEALTH_ANSWER_YES || saved->seqno != highest)
            return false;
        marked++;
    }
    return marked == 1;
}

static char case_of(const struct choice *choice)
{
    if (choice->place == HEALTH_NODE_NONE || !all_in_history(choice))
        return 0;
    if (all_are(choice, HEALTH_STATE_RED_CLEAN) && all_equal(choice))
        return 'A';
    if (marked_is_highest(choice))
        return 'B';
    return all_are(choice, HEALTH_STATE_RED_UNCLEAN) ? 'C' : 0;
}

void choose(const struct health_case *known, struct choice *ret_choice)
{
    *ret_choice = (struct choice){.known = known, .place = HEALTH_NODE_NONE};
    for (uint32_t i = 0; i < known->count; i++)
        if (health_node_position(&known->nodes[i], &ret_choice->positions[i]))
            ret_choice->usable |= 1u << i;
    ret_choice->history = history_of(ret_choice);
    ret_choice->place = best_of(ret_choice);
    ret_choice->safe_case = case_of(ret_choice);
}
