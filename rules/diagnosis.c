/*
 * diagnosis.c - from a case to findings: each fault that is there, and what explains it.
 */
#include "finding.h"

static void state(struct health_finding *finding, const struct health_case *known, uint8_t id,
                  uint32_t place)
{
    if (id < HEALTH_STATEMENT_COUNT && finding->count < HEALTH_EVIDENCE_MAX)
        finding->evidence[finding->count++] = statement_of(known, id, place);
}

/* What is said of the cluster comes first: it is never what there is no room for. */
static void give_evidence(const struct fault_rule *rule, const struct health_case *known,
                          struct health_finding *finding)
{
    state(finding, known, rule->of_all, HEALTH_NODE_NONE);
    for (uint32_t i = 0; i < known->count; i++) {
        if (!(finding->places >> i & 1u))
            continue;
        state(finding, known, rule->of_each[0], i);
        state(finding, known, rule->of_each[1], i);
    }
}

static int64_t since(const struct fault_rule *rule, const struct health_case *known,
                     uint32_t places)
{
    int64_t earliest_ns = HEALTH_NEVER_NS;

    for (uint32_t i = 0; rule->since && i < known->count; i++)
        if (places >> i & 1u && rule->since(&known->nodes[i]) < earliest_ns)
            earliest_ns = rule->since(&known->nodes[i]);
    return earliest_ns == HEALTH_NEVER_NS ? known->cluster.since_ns : earliest_ns;
}

static uint32_t places_of(const struct fault_rule *rule, const struct health_case *known)
{
    uint32_t places = 0;

    for (uint32_t i = 0; rule->of_node && i < known->count; i++)
        if (rule->of_node(known, &known->nodes[i]))
            places |= 1u << i;
    return places;
}

static void add(struct health_diagnosis *diagnosis, const struct health_case *known, uint8_t fault,
                uint32_t places)
{
    struct health_finding *finding = &diagnosis->findings[diagnosis->count++];

    *finding = (struct health_finding){
        .fault = fault,
        .explained_by = HEALTH_UNEXPLAINED,
        .places = places,
        .since_ns = since(&fault_rules[fault], known, places),
    };
    give_evidence(&fault_rules[fault], known, finding);
    diagnosis->faults |= 1u << fault;
}

static void find_known(const struct health_case *known, struct health_diagnosis *diagnosis)
{
    for (unsigned fault = 0; fault < HEALTH_FAULT_COUNT; fault++) {
        const struct fault_rule *rule = &fault_rules[fault];
        uint32_t places = places_of(rule, known);
        if (rule->of_cluster ? rule->of_cluster(known) : places != 0)
            add(diagnosis, known, (uint8_t)fault, places);
    }
}

/* Who is neither Green nor concerned by anything that has a name, for longer than a stop or a start takes? That
 * too few serve names no cause. */
static void find_unknown(const struct health_case *known, struct health_diagnosis *diagnosis)
{
    uint32_t named = 0;
    uint32_t places = 0;

    if (known->cluster.colour == HEALTH_COLOUR_GREEN || diagnosis->faults & SET(MONITOR_BLIND))
        return;
    for (uint32_t i = 0; i < diagnosis->count; i++)
        if (diagnosis->findings[i].fault != HEALTH_FAULT_MEMBERS_FEWER)
            named |= diagnosis->findings[i].places;
    for (uint32_t i = 0; i < known->count; i++)
        if (known->nodes[i].known.state != HEALTH_STATE_GREEN && !(named >> i & 1u) &&
            node_settled(known, &known->nodes[i]))
            places |= 1u << i;
    if (places)
        add(diagnosis, known, HEALTH_FAULT_UNKNOWN, places);
}

/* The first finding before this one that accounts for all of its nodes; or several do together, and the first of
 * them stands for all. */
static uint8_t explained_by(const struct health_diagnosis *diagnosis, uint32_t place)
{
    const struct health_finding *finding = &diagnosis->findings[place];
    uint32_t accounted = 0;
    uint8_t first = HEALTH_UNEXPLAINED;

    for (uint32_t i = 0; i < place; i++) {
        const struct health_finding *other = &diagnosis->findings[i];
        if (!(fault_rules[other->fault].explains >> finding->fault & 1u))
            continue;
        if (!(finding->places & ~other->places))
            return other->fault;
        if (first == HEALTH_UNEXPLAINED && finding->places & other->places)
            first = other->fault;
        accounted |= other->places;
    }
    return finding->places & ~accounted ? HEALTH_UNEXPLAINED : first;
}

/* Roots first; each of the two in the order of faults. */
static void order(struct health_diagnosis *diagnosis)
{
    struct health_diagnosis found = *diagnosis;
    uint32_t count = 0;

    for (int explained = 0; explained <= 1; explained++)
        for (uint32_t i = 0; i < found.count; i++)
            if ((found.findings[i].explained_by != HEALTH_UNEXPLAINED) == explained)
                diagnosis->findings[count++] = found.findings[i];
}

void health_diagnose(const struct health_case *known, struct health_diagnosis *ret_diagnosis)
{
    *ret_diagnosis = (struct health_diagnosis){
        .treated = HEALTH_UNEXPLAINED,
        .advice = {.place = HEALTH_NODE_NONE},
    };
    find_known(known, ret_diagnosis);
    find_unknown(known, ret_diagnosis);
    for (uint32_t i = 0; i < ret_diagnosis->count; i++)
        ret_diagnosis->findings[i].explained_by = explained_by(ret_diagnosis, i);
    order(ret_diagnosis);
    advise(known, ret_diagnosis);
}
