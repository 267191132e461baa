/*
 * bootstrap.c - no node is chosen here yet: every bootstrap is refused.
 */
#include <healthd/bootstrap.h>

bool health_node_position(const struct health_case_node *node, struct health_position *ret_position)
{
    (void)node;
    (void)ret_position;
    return false;
}

void health_advise_bootstrap(const struct health_case *known, struct health_advice *ret_advice)
{
    (void)known;
    *ret_advice =
        (struct health_advice){.action = HEALTH_ACTION_BOOTSTRAP, .place = HEALTH_NODE_NONE};
    ret_advice->preconditions[ret_advice->count++] = (struct health_statement){
        .id = HEALTH_STATEMENT_SAFE_CASE,
        .answer = HEALTH_ANSWER_NOT_KNOWN,
        .place = HEALTH_NODE_NONE,
        .age_ns = -1,
    };
}
