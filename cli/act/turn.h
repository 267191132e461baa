/*
 * turn.h - who may work on a cluster: one at a time, healthd itself or an operator's task, the others in line.
 *
 * A task holds its turn, or its place in the line, by renewing it within TURN_TTL_NS; who does not has given it up. A
 * task that held its turn under a former healthd claims it again by its next renewal: so for one such time after
 * the start nobody else gets a turn, and healthd takes no action.
 *
 * Times are monotonic and are handed in. Threads: the engine's.
 */
#ifndef HEALTHD_CLI_TURN_H
#define HEALTHD_CLI_TURN_H

#include <healthd/types.h>

#define TURN_TTL_NS (15 * HEALTH_NS_PER_S)
#define TURN_WAITING_MAX 8
#define TURN_TICKET_SIZE 33
#define TURN_TASK_SIZE 64
#define TURN_HOLDER_SIZE 201

/* Who asks. */
struct turn_wish {
    const char *task;
    const char *holder; /* for people: user@host pid */
    bool forever; /* healthd itself: it does not renew, and is not asked again after a restart */
};

struct turn_place {
    char ticket[TURN_TICKET_SIZE];
    char task[TURN_TASK_SIZE];
    char holder[TURN_HOLDER_SIZE];
    int64_t since_ns; /* when it got its turn, or came into the line */
    int64_t due_ns;   /* when it is given up unless renewed; HEALTH_NEVER_NS: never */
};

struct turn {
    bool held;      /* the first place is the holder's, and all others wait */
    uint32_t count; /* places */
    struct turn_place places[TURN_WAITING_MAX + 1];
};

struct turns;

/* NULL: memory is short. */
struct turns *turns_create(uint32_t clusters, int64_t now_ns);
void turns_destroy(struct turns *turns); /* NULL is fine */

const struct turn *turn_of(const struct turns *turns, uint32_t cluster);

/* Come into the line, and have the turn at once when it is free. NULL: the line is full. */
const struct turn_place *turn_ask(struct turns *turns, uint32_t cluster,
                                  const struct turn_wish *wish, int64_t now_ns);

/* NULL, like below: there is no such ticket. */
const struct turn_place *turn_find(const struct turns *turns, uint32_t cluster, const char *ticket);
const struct turn_place *turn_renew(struct turns *turns, uint32_t cluster, const char *ticket,
                                    int64_t now_ns);

/* Soon after the start: a ticket of a former healthd's is renewed. `held`: it says that it had the turn. NULL: it is
 * too late, another has it, or the line is full. */
const struct turn_place *turn_claim(struct turns *turns, uint32_t cluster, const char *ticket,
                                    const struct turn_wish *wish, bool held, int64_t now_ns);

/* How many are before it; 0: it has its turn. */
uint32_t turn_before(const struct turns *turns, uint32_t cluster, const struct turn_place *place);

/* False: there is no such ticket. */
bool turn_give_up(struct turns *turns, uint32_t cluster, const char *ticket, int64_t now_ns);

/* May somebody of a former healthd still claim a turn? */
bool turns_settle(const struct turns *turns, int64_t now_ns);

/* Let those go who did not renew, and the next have their turn. Each that goes is told of. */
void turns_mind(struct turns *turns, int64_t now_ns,
                void (*gone)(void *context, uint32_t cluster, const struct turn_place *place),
                void *context);

/* The number is another cluster's soon. */
void turns_forget(struct turns *turns, uint32_t cluster);

#endif
