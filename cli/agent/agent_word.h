/*
 * agent_word.h - what an agent says of its mysqld, from what its two witnesses saw. Pure.
 *
 * The process watch knows whether there is a process; the probe over the socket, whether it answers. An
 * answer is worth more than not having found a process (it may be in a container that we cannot see into);
 * an end that was seen is worth more than an answer to what was asked before.
 */
#ifndef HEALTHD_CLI_AGENT_WORD_H
#define HEALTHD_CLI_AGENT_WORD_H

#include <healthd/observation.h>

/* What is known of the socket, of the present life of mysqld alone. */
struct agent_socket {
    bool asked; /* `probe` is the latest result */
    struct health_probe probe;
    int64_t at_ns;
    bool served; /* mysqld has answered in this life */
};

/* Did mysqld itself speak, be it to refuse? */
bool agent_answered(const struct health_probe *probe);

/* Complete a beat that the process watch has filled in: the word, and the local probe while it is fresh. */
void agent_word(struct health_heartbeat *beat, const struct agent_socket *socket, int64_t now_ns,
                int64_t fresh_ns);

/* What of a beat is news at once when it changes. Compared as bytes. */
struct agent_gist {
    struct health_uuid state_uuid; /* of the latest full view, as is all that follows `rejects` */
    struct health_uuid saved_uuid;
    uint64_t conf_id;
    int64_t saved_seqno;
    uint32_t pid;
    int32_t exit_value;
    int32_t size;
    uint8_t process;
    uint8_t frozen;
    uint8_t exit_kind;
    uint8_t saved;
    uint8_t gvwstate;
    uint8_t sst_in_progress;
    uint8_t has_local;
    uint8_t error;
    uint8_t rejects;
    uint8_t desync;
    uint8_t read_only;
    uint8_t donor_rejects;
    uint8_t maintenance;
    uint8_t component;
    uint8_t local_state;
    uint8_t ready;
    uint8_t unused[4]; /* none of the bytes compared is padding */
};

/* The gist of a beat. A light probe keeps what `former` says of the view. */
struct agent_gist agent_gist(const struct health_heartbeat *beat, const struct agent_gist *former);

#endif
