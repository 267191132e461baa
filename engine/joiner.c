/*
 * joiner.c - which node with a closed port is the one that joins.
 *
 * A state transfer may take hours, and the joiner's port is closed all that time. Without an agent only
 * its peers' view tells: it grew while the node was down.
 */
#include "council.h"

/* Did somebody join between the known view and this newer one? Each change of membership raises the id
 * by one, so an id that rose by more than the view shrank hides a join. */
bool view_grew(const struct cluster *cluster, const struct node *view)
{
    int32_t shrank = (int32_t)cluster->size - (int32_t)view->size;
    return shrank < 0 || view->conf - cluster->conf > (uint32_t)shrank;
}

/* Nodes that are down while a view grows may be the one that joins. */
void suspect_joiners(struct council *council)
{
    for (uint32_t i = 0; i < council->count; i++) {
        struct node *node = council->seats[i].node;
        if (node->flags & NODE_CLOSED && !council->seats[i].reports)
            node_flag(node, NODE_GREW, true);
    }
}

/* Members of the newest view that no known member accounts for. */
static int32_t unaccounted(const struct council *council)
{
    int32_t rest = (int32_t)council->cluster->size - council->cluster->others;
    for (uint32_t i = 0; i < council->count; i++)
        rest -= council->seats[i].reports && node_answers(council->seats[i].facts);
    return rest;
}

static bool may_be_joiner(const struct council *council, uint32_t i)
{
    return council->seats[i].node->flags & NODE_GREW &&
           !(members_known(council->cluster) && !(council->cluster->members >> i & 1u));
}

void council_find_joiners(struct council *council)
{
    int32_t rest = unaccounted(council);
    int32_t candidates = 0;

    for (uint32_t i = 0; i < council->count; i++)
        candidates += may_be_joiner(council, i);
    for (uint32_t i = 0; i < council->count; i++) {
        struct node *node = council->seats[i].node;
        if (!(node->flags & NODE_GREW))
            continue;
        if (rest <= 0 || !may_be_joiner(council, i)) {
            node_flag(node, NODE_GREW, false);
        } else if (rest >= candidates) {
            council->seats[i].facts[HEALTH_FACT_GREW] = HEALTH_GREW_YES;
            node_set_leave(node,
                           LEAVE_SPENT); /* its former life's leave says nothing of this one */
        } else {
            council->seats[i].facts[HEALTH_FACT_GREW] = HEALTH_GREW_MAYBE;
        }
    }
}
