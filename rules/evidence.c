/*
 * evidence.c - what is stated of a case, with its numbers and the age of what it rests on.
 */
#include "finding.h"

static int64_t younger(int64_t a_ns, int64_t b_ns)
{
    if (a_ns < 0 || b_ns < 0)
        return a_ns < 0 ? b_ns : a_ns;
    return a_ns < b_ns ? a_ns : b_ns;
}

/* How long ago did anybody say something of it? */
static int64_t word_age(const struct health_case_node *node)
{
    return younger(node->agent_age_ns, younger(node->probe_age_ns, node->view_age_ns));
}

bool is_fresh(const struct health_case *known, int64_t age_ns)
{
    return age_ns >= 0 && age_ns < known->limits->agent_stale_ns;
}

int64_t fresh_age(const struct health_case_node *node)
{
    return node->known.state == HEALTH_STATE_YELLOW ? node->view_age_ns : node->agent_age_ns;
}

static int64_t age_of(const struct health_case *known, int64_t then_ns)
{
    return then_ns ? known->now_ns - then_ns : -1;
}

/* The youngest view of those who serve. */
static int64_t serving_age(const struct health_case *known)
{
    int64_t age_ns = -1;

    for (uint32_t i = 0; i < known->count; i++)
        if (known->nodes[i].known.state == HEALTH_STATE_GREEN)
            age_ns = younger(age_ns, known->nodes[i].view_age_ns);
    return age_ns;
}

static int64_t crashed_at_once(const struct health_case *known)
{
    int64_t count = 0;

    for (uint32_t i = 0; i < known->count; i++)
        count += known->nodes[i].memory.crashed_together;
    return count;
}

static void state_position(struct health_statement *statement, const struct health_position *served,
                           int64_t age_ns)
{
    statement->history = served->history;
    statement->value = served->seqno;
    statement->age_ns = age_ns;
    if (health_uuid_is_zero(&served->history))
        statement->answer = HEALTH_ANSWER_NOT_KNOWN;
}

static void state_of_cluster(const struct health_case *known, struct health_statement *statement)
{
    const struct health_cluster_snapshot *cluster = &known->cluster;

    switch (statement->id) {
    case HEALTH_STATEMENT_SERVED:
        state_position(statement, &known->memory.served, age_of(known, known->memory.served_ns));
        break;
    case HEALTH_STATEMENT_GREENS:
        statement->value = cluster->states[HEALTH_STATE_GREEN];
        statement->limit = cluster->expected;
        break;
    case HEALTH_STATEMENT_MEMBERS:
        statement->value = cluster->primary_size;
        statement->limit = cluster->nodes;
        statement->age_ns = serving_age(known);
        break;
    case HEALTH_STATEMENT_DOUBLE_CRASH:
        statement->value = crashed_at_once(known);
        statement->age_ns = age_of(known, known->memory.crashed_ns);
        break;
    case HEALTH_STATEMENT_SERVES:
        statement->age_ns = serving_age(known);
        break;
    default:
        break;
    }
}

static void state_since(const struct health_case *known, struct health_statement *statement,
                        int64_t then_ns)
{
    statement->age_ns = age_of(known, then_ns);
    if (!then_ns)
        statement->answer = HEALTH_ANSWER_NOT_KNOWN;
}

static void state_of_node(const struct health_case *known, const struct health_case_node *node,
                          struct health_statement *statement)
{
    statement->state = (uint8_t)node->known.state;
    statement->reason = (uint8_t)node->known.reason;
    statement->age_ns = word_age(node);
    switch (statement->id) {
    case HEALTH_STATEMENT_CRASHES:
        statement->value = node_crashes(known, node);
        statement->age_ns = age_of(known, node->memory.crash_ns[0]);
        break;
    case HEALTH_STATEMENT_NOT_LOOPING:
        statement->limit = LOOP_CRASHES;
        statement->age_ns = age_of(known, node->memory.crash_ns[0]);
        break;
    case HEALTH_STATEMENT_PROBE_ERROR:
        statement->value = node->memory.probe_error;
        statement->age_ns = node->probe_age_ns;
        break;
    case HEALTH_STATEMENT_MOVED:
        state_since(known, statement, node->memory.moved_ns);
        break;
    case HEALTH_STATEMENT_STOOD:
        state_since(known, statement, node->memory.stood_ns);
        break;
    case HEALTH_STATEMENT_SERVED:
        state_position(statement, &node->memory.served, age_of(known, node->memory.served_ns));
        break;
    case HEALTH_STATEMENT_ROUTABLE:
        statement->reason = (uint8_t)node->known.routable_reason;
        break;
    case HEALTH_STATEMENT_FRESH:
        statement->age_ns = fresh_age(node);
        break;
    case HEALTH_STATEMENT_DOWN:
    case HEALTH_STATEMENT_NO_TRANSFER:
        statement->age_ns = node->agent_age_ns;
        break;
    default:
        break;
    }
}

struct health_statement statement_of(const struct health_case *known, uint8_t id, uint32_t place)
{
    struct health_statement statement = {
        .id = id, .answer = HEALTH_ANSWER_YES, .place = place, .age_ns = -1};

    if (place == HEALTH_NODE_NONE)
        state_of_cluster(known, &statement);
    else
        state_of_node(known, &known->nodes[place], &statement);
    return statement;
}
