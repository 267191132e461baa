/*
 * test_turn.c - one at a time works on a cluster, the others wait, and who is silent has gone.
 */
#include "turn.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define S HEALTH_NS_PER_S

static const struct turn_wish backup = {"backup", "root@db1 7", false};

/* Long after the start. */
static struct turns *settled(void)
{
    return turns_create(2, -TURN_TTL_NS);
}

static unsigned gone_count;

static void gone(void *context, uint32_t cluster, const struct turn_place *place)
{
    (void)context;
    cr_expect_eq(cluster, 0);
    cr_expect_neq(place->task[0], '\0');
    gone_count++;
}

Test(turn, the_first_has_it_and_the_others_wait_in_order)
{
    struct turns *turns = settled();
    char tickets[TURN_WAITING_MAX + 1][TURN_TICKET_SIZE];

    for (uint32_t i = 0; i <= TURN_WAITING_MAX; i++) {
        const struct turn_place *place = turn_ask(turns, 0, &backup, i);
        cr_assert_not_null(place);
        cr_expect_eq(turn_before(turns, 0, place), i);
        strcpy(tickets[i], place->ticket);
    }
    cr_expect_null(turn_ask(turns, 0, &backup, 9), "the line is full");
    cr_expect_not_null(turn_ask(turns, 1, &backup, 9), "that of another cluster is not");
    cr_expect(turn_give_up(turns, 0, tickets[1], 10));
    cr_expect(turn_give_up(turns, 0, tickets[0], 10));
    cr_expect_not(turn_give_up(turns, 0, tickets[0], 10), "it has none");
    const struct turn_place *place = turn_renew(turns, 0, tickets[2], 11);
    cr_expect_eq(turn_before(turns, 0, place), 0);
    cr_expect_eq(place->since_ns, 10);
    cr_expect_eq(turn_before(turns, 0, turn_renew(turns, 0, tickets[3], 11)), 1);
    turns_destroy(turns);
}

Test(turn, who_does_not_renew_has_gone)
{
    struct turns *turns = settled();
    char first[TURN_TICKET_SIZE], second[TURN_TICKET_SIZE];
    const struct turn_wish ours = {"start", "healthd", true};

    strcpy(first, turn_ask(turns, 0, &backup, 0)->ticket);
    strcpy(second, turn_ask(turns, 0, &ours, 0)->ticket);
    turn_renew(turns, 0, first, 5 * S);
    turns_mind(turns, 20 * S - 1, gone, NULL);
    cr_expect_eq(gone_count, 0);
    turns_mind(turns, 20 * S, gone, NULL);
    cr_expect_eq(gone_count, 1);
    cr_expect_null(turn_renew(turns, 0, first, 20 * S));
    cr_expect(turn_of(turns, 0)->held);
    cr_expect_str_eq(turn_of(turns, 0)->places[0].ticket, second);
    turns_mind(turns, 2000 * S, gone, NULL);
    cr_expect_eq(gone_count, 1, "healthd itself does not have to renew");
    turns_destroy(turns);
}

/* Who held it under a former healthd claims it before anybody else has it. */
Test(turn, after_a_restart_it_is_claimed_again)
{
    struct turns *turns = turns_create(1, 0);
    const struct turn_place *place = turn_ask(turns, 0, &backup, S);

    cr_expect_eq(turn_before(turns, 0, place), 1, "nobody new has it yet");
    cr_expect_not_null(turn_claim(turns, 0, "waited", &backup, false, 2 * S));
    place = turn_claim(turns, 0, "held", &backup, true, 3 * S);
    cr_assert_not_null(place);
    cr_expect_eq(turn_before(turns, 0, place), 0);
    cr_expect_null(turn_claim(turns, 0, "also", &backup, true, 3 * S), "one of them lies");
    turn_renew(turns, 0, "held", 14 * S);
    turn_renew(turns, 0, "waited", 14 * S);
    cr_expect_null(turn_claim(turns, 0, "late", &backup, true, 15 * S));
    turns_mind(turns, 17 * S, gone, NULL);
    cr_expect_eq(gone_count, 1, "the one that asked and was silent");
    cr_expect_str_eq(turn_of(turns, 0)->places[0].ticket, "held");
    turn_give_up(turns, 0, "held", 18 * S);
    cr_expect_eq(turn_before(turns, 0, turn_renew(turns, 0, "waited", 18 * S)), 0);
    turns_destroy(turns);
}

Test(turn, when_nobody_claims_it_the_first_in_line_has_it)
{
    struct turns *turns = turns_create(1, 0);
    char ticket[TURN_TICKET_SIZE];

    strcpy(ticket, turn_ask(turns, 0, &backup, 10 * S)->ticket);
    turns_mind(turns, 14 * S, gone, NULL);
    cr_expect_not(turn_of(turns, 0)->held);
    turns_mind(turns, 15 * S, gone, NULL);
    cr_expect(turn_of(turns, 0)->held);
    turns_destroy(turns);
}

/* However they come and go, there is one holder, and nobody overtakes. */
Test(turn, nobody_overtakes)
{
    struct turns *turns = settled();
    char line[TURN_WAITING_MAX + 1][TURN_TICKET_SIZE];
    uint32_t count = 0;
    unsigned random = 1;

    for (int64_t now = 0; now < 20000; now++) {
        random = random * 1103515245u + 12345u;
        uint32_t at = count ? (random >> 16) % count : 0;
        if (random >> 30) {
            const struct turn_place *place = turn_ask(turns, 0, &backup, now);
            cr_assert_eq(!place, count == TURN_WAITING_MAX + 1);
            if (place)
                strcpy(line[count++], place->ticket);
        } else if (count) {
            cr_assert(turn_give_up(turns, 0, line[at], now));
            memmove(line[at], line[at + 1], (--count - at) * sizeof line[0]);
        }
        cr_assert_eq(turn_of(turns, 0)->count, count);
        cr_assert_eq(turn_of(turns, 0)->held, count > 0);
        for (uint32_t i = 0; i < count; i++)
            cr_assert_str_eq(turn_of(turns, 0)->places[i].ticket, line[i]);
    }
    turns_destroy(turns);
}
