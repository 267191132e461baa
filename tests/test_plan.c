/*
 * test_plan.c - when healthd may act: a table, and what is in the way of each.
 */
#include "plan.h"

#include <criterion/criterion.h>

#define S HEALTH_NS_PER_S
#define NOW (1000 * S)

/* All is as it has to be: */
static struct plan_input ready(struct health_diagnosis *diagnosis)
{
    *diagnosis = (struct health_diagnosis){
        .count = 1,
        .findings = {{.since_ns = NOW - PLAN_FRESH_NS}},
        .advice = {.action = HEALTH_ACTION_START, .allowed = true, .place = 1}};
    return (struct plan_input){
        .diagnosis = diagnosis,
        .mode = CONFIG_MODE_ACT,
        .handled = true,
        .kept = true,
        .settled = true,
        .leased = true,
        .turn = true,
        .now_ns = NOW,
        .retries = 2,
    };
}

/* ... but for these. 'n' in changes: no action, 'p' no place, 'f' not allowed, 'm' advise, 'o' off, 'h' no handler,
 * 'k' not kept, 's' not settled, 'l' no lease, 't' no turn, 'r' rests, 'd' has rested, 'y' too young, '2' failed twice, '3' three
 * times. */
static const struct {
    const char *changes;
    enum plan_verdict verdict;
} table[] = {
    {"", PLAN_ACT},           {"n", PLAN_NOTHING},    {"f", PLAN_NOT_ALLOWED},
    {"p", PLAN_NOT_ALLOWED},  {"m", PLAN_ADVISE},     {"o", PLAN_OFF},
    {"h", PLAN_NO_HANDLER},   {"k", PLAN_NOT_KEPT},   {"s", PLAN_SETTLING},
    {"l", PLAN_NO_LEASE},     {"t", PLAN_TURN},       {"r", PLAN_COOL_DOWN},
    {"d", PLAN_ACT},          {"2", PLAN_ACT},        {"3", PLAN_EXHAUSTED},
    {"2r", PLAN_COOL_DOWN},   {"3r", PLAN_EXHAUSTED}, {"3f", PLAN_NOT_ALLOWED},
    {"mk", PLAN_ADVISE},      {"mlt", PLAN_ADVISE},   {"oh", PLAN_OFF},
    {"kl", PLAN_NOT_KEPT},    {"sl", PLAN_SETTLING},  {"lf", PLAN_NO_LEASE},
    {"rt", PLAN_COOL_DOWN},   {"no", PLAN_NOTHING},   {"y", PLAN_FRESH},
    {"yf", PLAN_NOT_ALLOWED}, {"y3", PLAN_FRESH},
};

static void change(struct plan_input *input, struct health_diagnosis *diagnosis, char letter)
{
    switch (letter) {
    case 'n':
        diagnosis->advice.action = HEALTH_ACTION_NONE;
        break;
    case 'f':
        diagnosis->advice.allowed = false;
        break;
    case 'p':
        diagnosis->advice.place = HEALTH_NODE_NONE;
        break;
    case 'm':
        input->mode = CONFIG_MODE_ADVISE;
        break;
    case 'o':
        input->mode = CONFIG_MODE_OFF;
        break;
    case 'h':
        input->handled = false;
        break;
    case 'k':
        input->kept = false;
        break;
    case 's':
        input->settled = false;
        break;
    case 'l':
        input->leased = false;
        break;
    case 't':
        input->turn = false;
        break;
    case 'r':
        input->rest_until_ns = NOW + 1;
        break;
    case 'd':
        input->rest_until_ns = NOW;
        break;
    case 'y':
        diagnosis->findings[0].since_ns++;
        break;
    case '2':
        input->failures = 2;
        break;
    case '3':
        input->failures = 3;
        break;
    default:
        cr_assert(false);
    }
}

Test(plan, the_first_thing_in_the_way_is_the_verdict)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct health_diagnosis diagnosis;
        struct plan_input input = ready(&diagnosis);
        for (const char *letter = table[i].changes; *letter; letter++)
            change(&input, &diagnosis, *letter);
        cr_expect_eq(plan_decide(&input), table[i].verdict, "\"%s\": %s", table[i].changes,
                     plan_verdict_name(plan_decide(&input)));
    }
}

/* Whatever else is so: one thing that is not proven, and nothing is done. */
Test(plan, each_condition_alone_keeps_from_acting)
{
    static const char letters[] = "nfpmohkslt3r";

    for (unsigned set = 1; set < 1u << (sizeof letters - 1); set++) {
        struct health_diagnosis diagnosis;
        struct plan_input input = ready(&diagnosis);
        for (unsigned i = 0; i < sizeof letters - 1; i++)
            if (set >> i & 1u)
                change(&input, &diagnosis, letters[i]);
        cr_expect_neq(plan_decide(&input), PLAN_ACT, "%x", set);
    }
}

Test(plan, positions_are_asked_for_where_we_would_act)
{
    struct health_diagnosis diagnosis;
    struct plan_input input = ready(&diagnosis);

    cr_expect_not(plan_recovers(&input));
    diagnosis.advice.recover_places = 1;
    diagnosis.advice.allowed = false;
    cr_expect(plan_recovers(&input));
    for (const char *letter = "mohkslt"; *letter; letter++) {
        struct plan_input other = input;
        change(&other, &diagnosis, *letter);
        cr_expect_not(plan_recovers(&other), "%c", *letter);
    }
}

Test(plan, it_rests_longer_after_each_failure)
{
    const struct config_handler handler = {.cool_down_ms = 7000, .backoff_ms = 1000};

    cr_expect_eq(plan_rest_ns(&handler, 0), 7 * S);
    cr_expect_eq(plan_rest_ns(&handler, 1), 1 * S);
    cr_expect_eq(plan_rest_ns(&handler, 2), 2 * S);
    cr_expect_eq(plan_rest_ns(&handler, 4), 8 * S);
    cr_expect_gt(plan_rest_ns(&handler, UINT32_MAX), 0);
}

Test(plan, only_the_same_action_holds)
{
    struct health_diagnosis before, now;

    ready(&before);
    before.advice.action = HEALTH_ACTION_BOOTSTRAP;
    const struct plan_step step = plan_step(&before);
    now = before;
    cr_expect(plan_holds(&step, &now));
    now.advice.place = 2;
    cr_expect_not(plan_holds(&step, &now));
    now = before;
    now.advice.action = HEALTH_ACTION_START;
    cr_expect_not(plan_holds(&step, &now));
    now = before;
    now.advice.allowed = false;
    cr_expect_not(plan_holds(&step, &now));
    now = before;
    now.advice.position.seqno = 4;
    cr_expect_not(plan_holds(&step, &now));
    now = before;
    now.advice.position.history.lo = 4;
    cr_expect_not(plan_holds(&step, &now));
}
