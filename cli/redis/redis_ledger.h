/*
 * redis_ledger.h - what Redis is owed: clusters that must be written whole, and such as must go.
 */
#ifndef HEALTHD_CLI_REDIS_LEDGER_H
#define HEALTHD_CLI_REDIS_LEDGER_H

#include "redis_command.h"

enum redis_debt {
    REDIS_DEBT_NONE,
    REDIS_DEBT_NOW,
    REDIS_DEBT_LATER, /* when the next interval begins: trying at once would fail again */
};

struct redis_cluster {
    char name[DIRECTORY_NAME_MAX]; /* under which it was last written; "": never */
    uint32_t first_node;           /* HEALTH_NODE_NONE: none */
    uint8_t fields;                /* of its hash when it is whole */
    uint8_t debt;                  /* enum redis_debt */
};

struct redis_ledger {
    const struct directory *directory;
    const struct health_engine *engine;
    struct redis_cluster *clusters; /* by number */
    uint32_t *next_node;            /* by number: another one of the same cluster */
    uint32_t in_debt;               /* how many clusters owe REDIS_DEBT_NOW, */
    uint32_t put_off;               /* and how many REDIS_DEBT_LATER */
    uint32_t look_next;             /* where to look for one */
    char (*gone)[DIRECTORY_NAME_MAX];
    uint32_t gone_count;
    uint32_t gone_sent; /* of these, from the first */
};

/* False: memory is short. Both are borrowed. */
bool redis_ledger_init(struct redis_ledger *ledger, const struct directory *directory,
                       const struct health_engine *engine);
void redis_ledger_clear(struct redis_ledger *ledger);

/* What a cluster is called; NULL: there is none of this number. */
const struct directory_entry *redis_ledger_cluster(const struct redis_ledger *ledger,
                                                   uint32_t cluster);

void redis_ledger_owe(struct redis_ledger *ledger, uint32_t cluster);

/* It could not be written: it is owed when the next interval begins. */
void redis_ledger_put_off(struct redis_ledger *ledger, uint32_t cluster);

/* Everything must be written, and what must go must go again. */
void redis_ledger_owe_all(struct redis_ledger *ledger);

/* What was put off is owed now. */
void redis_ledger_call_in(struct redis_ledger *ledger);

/* The directory has changed: clusters that were written and are no more must go. */
void redis_ledger_names_changed(struct redis_ledger *ledger);

/* Nothing is to be sent; whether it has arrived is not known here. */
bool redis_ledger_settled(const struct redis_ledger *ledger);

/*
 * Put the next thing owed into a command and strike it out. *ret_cluster: whose it is; HEALTH_NODE_NONE: a
 * cluster that must go. False: there was nothing to send after all. The command must be cleared.
 */
bool redis_ledger_pay(struct redis_ledger *ledger, const struct redis_writer *writer,
                      struct redis_command *command, uint32_t *ret_cluster);

#endif
