/*
 * turn.c - who may work on a cluster.
 */
#include "turn.h"

#include <event2/util.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct turns {
    int64_t begun_ns;
    uint32_t clusters;
    struct turn of[];
};

struct turns *turns_create(uint32_t clusters, int64_t now_ns)
{
    struct turns *turns = calloc(1, sizeof *turns + clusters * sizeof turns->of[0]);

    if (!turns)
        return NULL;
    turns->begun_ns = now_ns;
    turns->clusters = clusters;
    return turns;
}

void turns_destroy(struct turns *turns)
{
    free(turns);
}

const struct turn *turn_of(const struct turns *turns, uint32_t cluster)
{
    return &turns->of[cluster];
}

bool turns_settle(const struct turns *turns, int64_t now_ns)
{
    return now_ns - turns->begun_ns < TURN_TTL_NS;
}

/* Whoever is first has the turn, once nobody can claim it any more. */
static void promote(const struct turns *turns, struct turn *turn, int64_t now_ns)
{
    if (turn->held || !turn->count || turns_settle(turns, now_ns))
        return;
    turn->held = true;
    turn->places[0].since_ns = now_ns;
}

static void make_ticket(char ticket[TURN_TICKET_SIZE])
{
    unsigned char bytes[TURN_TICKET_SIZE / 2];

    evutil_secure_rng_get_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(ticket + 2 * i, 3, "%02x", bytes[i]);
}

static struct turn_place *fill(struct turn_place *place, const struct turn_wish *wish,
                               int64_t now_ns)
{
    *place = (struct turn_place){
        .since_ns = now_ns,
        .due_ns = wish->forever ? HEALTH_NEVER_NS : now_ns + TURN_TTL_NS,
    };
    snprintf(place->task, sizeof place->task, "%s", wish->task);
    snprintf(place->holder, sizeof place->holder, "%s", wish->holder);
    return place;
}

/* Who waits, without the holder. */
static bool full(const struct turn *turn)
{
    return turn->count - turn->held == TURN_WAITING_MAX;
}

const struct turn_place *turn_ask(struct turns *turns, uint32_t cluster,
                                  const struct turn_wish *wish, int64_t now_ns)
{
    struct turn *turn = &turns->of[cluster];

    if (full(turn))
        return NULL;
    struct turn_place *place = fill(&turn->places[turn->count++], wish, now_ns);
    make_ticket(place->ticket);
    promote(turns, turn, now_ns);
    return place;
}

const struct turn_place *turn_find(const struct turns *turns, uint32_t cluster, const char *ticket)
{
    const struct turn *turn = &turns->of[cluster];

    for (uint32_t i = 0; i < turn->count; i++)
        if (strcmp(turn->places[i].ticket, ticket) == 0)
            return &turn->places[i];
    return NULL;
}

const struct turn_place *turn_renew(struct turns *turns, uint32_t cluster, const char *ticket,
                                    int64_t now_ns)
{
    const struct turn_place *place = turn_find(turns, cluster, ticket);
    struct turn *turn = &turns->of[cluster];

    if (place)
        turn->places[place - turn->places].due_ns = now_ns + TURN_TTL_NS;
    return place;
}

const struct turn_place *turn_claim(struct turns *turns, uint32_t cluster, const char *ticket,
                                    const struct turn_wish *wish, bool held, int64_t now_ns)
{
    struct turn *turn = &turns->of[cluster];
    uint32_t index = held ? 0 : turn->count;

    if (!turns_settle(turns, now_ns) || (held ? turn->held : full(turn)) ||
        strlen(ticket) >= TURN_TICKET_SIZE)
        return NULL;
    memmove(&turn->places[index + 1], &turn->places[index],
            (turn->count - index) * sizeof turn->places[0]);
    turn->count++;
    turn->held |= held;
    struct turn_place *place = fill(&turn->places[index], wish, now_ns);
    snprintf(place->ticket, sizeof place->ticket, "%s", ticket);
    return place;
}

uint32_t turn_before(const struct turns *turns, uint32_t cluster, const struct turn_place *place)
{
    const struct turn *turn = &turns->of[cluster];
    return (uint32_t)(place - turn->places) + !turn->held;
}

static void take_out(const struct turns *turns, struct turn *turn, uint32_t index, int64_t now_ns)
{
    turn->held &= index > 0;
    turn->count--;
    memmove(&turn->places[index], &turn->places[index + 1],
            (turn->count - index) * sizeof turn->places[0]);
    promote(turns, turn, now_ns);
}

bool turn_give_up(struct turns *turns, uint32_t cluster, const char *ticket, int64_t now_ns)
{
    struct turn *turn = &turns->of[cluster];
    const struct turn_place *place = turn_find(turns, cluster, ticket);

    if (place)
        take_out(turns, turn, (uint32_t)(place - turn->places), now_ns);
    return place;
}

void turns_mind(struct turns *turns, int64_t now_ns,
                void (*gone)(void *context, uint32_t cluster, const struct turn_place *place),
                void *context)
{
    for (uint32_t cluster = 0; cluster < turns->clusters; cluster++) {
        struct turn *turn = &turns->of[cluster];
        for (uint32_t i = turn->count; i-- > 0;)
            if (turn->places[i].due_ns <= now_ns) {
                const struct turn_place place = turn->places[i];
                take_out(turns, turn, i, now_ns);
                gone(context, cluster, &place);
            }
        promote(turns, turn, now_ns);
    }
}

void turns_forget(struct turns *turns, uint32_t cluster)
{
    memset(&turns->of[cluster], 0, sizeof turns->of[cluster]);
}
