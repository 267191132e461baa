/*
 * bootstrap_world.h - clusters that live and go down, with every transaction that each disk holds.
 *
 * A disk is a list of transactions; a position is where the list ends. What is not flushed is lost in a crash. The
 * files beside it are as Galera writes them, whatever is true.
 */
#ifndef HEALTHD_TESTS_BOOTSTRAP_WORLD_H
#define HEALTHD_TESTS_BOOTSTRAP_WORLD_H

#include <healthd/bootstrap.h>

#define WORLD_NODES 6 /* five that are configured, and a stranger */
#define WORLD_LOG 1024
#define WORLD_UNFLUSHED 8                /* no disk lags by more */
#define WORLD_WRONG UINT32_C(0x80000000) /* set in what an inconsistent node applied wrongly */

struct world_node {
    uint32_t log[WORLD_LOG]; /* transactions, each a number of its own */
    int64_t length, durable; /* applied; of these, flushed */
    int history;             /* of its data; 0: none */
    int side;                /* of a split brain */
    bool up, primary, flag;  /* it runs; in a Primary component; it was last in a view of its own */
    bool hollow;             /* torn: InnoDB recovers a position that its data does not have */
    int64_t claims;          /* that position */

    struct health_grastate saved;
    bool gvwstate, marker, code_0, code_seen, left;

    struct health_position served; /* what healthd has seen */
    int32_t served_size;
    uint8_t taint;
};

struct world {
    uint64_t seed, dice;
    int64_t base; /* the position before the first transaction */
    uint32_t count, strangers;
    uint32_t transactions;
    int histories; /* made so far */
    struct world_node nodes[WORLD_NODES];
    struct health_position mark; /* the highest that healthd saw served, */
    int64_t mark_length;         /* and what that was in truth: so many transactions, */
    uint32_t mark_transaction;   /* the last of them this */
    int32_t primary_size;
    bool split, odd; /* something happened beyond commits, stops and crashes */
};

struct health_uuid world_uuid(int history);
int64_t world_position(const struct world *world, const struct world_node *node);

/* Live through a random life, to the end that nearly all nodes are down. */
void world_live(uint64_t seed, struct world *ret_world);

/* What healthd knows of it. *ret_plain: everything is seen, nothing is odd, and a case of the three is there. */
void world_see(struct world *world, struct health_case *ret_case, bool *ret_plain);

/* Would bootstrapping this node discard what any disk holds, or go back behind what was seen to be served? NULL: no; else why. */
const char *world_loses(const struct world *world, uint32_t place);

#endif
