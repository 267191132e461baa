/*
 * heartbeat_rig.h - a real sender and a real listener over loopback, and somebody in between (the tap) who
 * records, loses and plays back.
 */
#ifndef HEALTHD_TESTS_HEARTBEAT_RIG_H
#define HEALTHD_TESTS_HEARTBEAT_RIG_H

#include "heartbeat_listener.h"
#include "heartbeat_monitor.h"
#include "heartbeat_wire.h"
#include "scratch.h"

#include <netinet/in.h>

#define TAPE_MAX 64

/* Somebody on the way. */
struct tap {
    int in;  /* the sender sends here */
    int out; /* connected to the listener */
    struct sockaddr_in sender;
    bool cut_challenges;
    size_t count; /* of recorded beats */
    size_t sizes[TAPE_MAX];
    char tape[TAPE_MAX][WIRE_MAX];
};

struct rig {
    struct event_base *base;
    struct health_listener *listener;
    struct health_sender *sender;
    struct tap tap;
    struct health_observation last;
    unsigned observed;
    unsigned wanted;
    unsigned requests; /* to recover the position, that were obeyed */
    bool answers;      /* send a beat when one is wanted */
    unsigned remarks;
    char remark[512];
    char key_file[SCRATCH_SIZE];
};

/* What is sent unless a test says otherwise. */
extern const struct health_heartbeat rig_running;

/* Node n1 of cluster lab. `key`: NULL for none. */
struct rig *rig_begin(const char *key);
void rig_end(struct rig *rig);

/* Both ends get this key when they are started next. */
void rig_write_key(struct rig *rig, const char *bytes);

/* The tap stays where the sender finds it; what it leads to may be restarted. */
void rig_restart_listener(struct rig *rig);
void rig_restart_sender(struct rig *rig);

/* One end alone, without the tap. */
void rig_start_listener(struct rig *rig, const char *listen);
void rig_start_sender(struct rig *rig, const char *const *monitors, size_t count);

/* Send a heartbeat, and let the loop run until all has come that comes. */
void rig_beat(struct rig *rig);
void rig_run(struct rig *rig);

/* What the tap has recorded comes once more. */
void rig_play(struct rig *rig, size_t index);
void rig_play_all(struct rig *rig);

struct health_listener_counters rig_counters(const struct rig *rig);

/* A callback for more senders and listeners; context: the rig, which keeps the last remark. */
void rig_remark(void *context, uint32_t node, const char *text);

/* A datagram socket on loopback, not blocking; port 0: any. */
int rig_socket(uint16_t port, uint16_t *ret_port);

#endif
