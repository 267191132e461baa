/*
 * config.h - what healthd is told to do, from a file or from the command line.
 *
 * The file is YAML (JSON is YAML too); docs/man/healthd.yaml.5 describes each key. It has two users.
 * healthd needs all of it: clusters with nodes, and files of secrets that can be read. A replay takes
 * the cadence, the limits and the expected sizes, on machines that have none of those files.
 *
 * Every mistake is told, with its line and what is expected, not only the first.
 */
#ifndef HEALTHD_CLI_CONFIG_H
#define HEALTHD_CLI_CONFIG_H

#include <healthd/rules.h>

struct config_node {
    const char *name;
    const char *host;
    uint32_t port;
    uint32_t extra_port; /* 0: none */
    size_t line;
};

struct config_cluster {
    const char *name;
    uint32_t expected_size; /* 0: not said */
    uint32_t extra_port;    /* of nodes that say none; 0: none */
    const char *user;       /* NULL, like all texts here: not said */
    const char *password_file;
    const char *defaults_file;
    const char *tls_ca;
    const char *tls_cert;
    const char *tls_key;
    struct config_node *nodes;
    size_t node_count;
    size_t line;
};

struct config_redis {
    bool wanted;
    const char *address;
    const char *user;
    const char *password_file;
    uint32_t log_length;
};

struct config_agent_check {
    bool wanted;
    const char *listen; /* NULL: HAProxy is told nothing */
};

/* What is done about a fault that is named. */
enum config_mode {
    CONFIG_MODE_NOT_SAID,
    CONFIG_MODE_OFF,    /* nothing, and nothing is said */
    CONFIG_MODE_ADVISE, /* it is said what would be done */
    CONFIG_MODE_ACT,
};

const char *config_mode_name(enum config_mode mode);

/* One fault, and the command that is run against it. */
struct config_handler {
    uint8_t fault;         /* enum health_fault; HEALTH_FAULT_COUNT: refused */
    bool fault_said;       /* what is 0 counts too, here and below */
    enum config_mode mode; /* as it was said; config_handler_mode() gives what holds */
    const char **command;  /* ends with NULL, like the next */
    const char **environment;
    uint32_t timeout_ms;
    uint32_t cool_down_ms;
    uint32_t backoff_ms;
    uint32_t retries;
    bool retries_said;
    size_t line;
};

struct config_handlers {
    enum config_mode mode;
    struct config_handler *actions;
    size_t action_count;
    size_t line; /* where act is said of all */
};

struct config {
    uint32_t probe_interval_ms; /* 0, like all numbers here: not said */
    uint32_t probe_timeout_ms;
    uint32_t view_interval_ms;
    uint32_t heartbeat_interval_ms;
    const char *heartbeat_listen; /* NULL: agents are not listened to */
    const char *heartbeat_key_file;
    const char *http_listen; /* NULL: nothing is served */
    const char *http_token_file;
    const char *http_maintenance_file;
    struct config_agent_check agent_check;
    uint32_t queue_capacity;
    bool report_stdout;
    struct config_redis redis;
    const char *record;
    const char *memory; /* where what must not be forgotten is kept; NULL: in memory only */
    struct config_handlers handlers;
    struct health_limits limits; /* 0: not said; derived from the cadence */
    struct config_cluster *clusters;
    size_t cluster_count;
    struct config_text *texts; /* owns what the pointers above point to */
};

enum config_use {
    CONFIG_FOR_REPLAY, /* what is not said stays 0 */
    CONFIG_FOR_DAEMON, /* whole, checked, and with its defaults */
};

/* Called with each mistake, as "FILE:LINE: text", and with warnings, which are no errors. */
typedef void config_say(void *context, bool error, const char *text);

/* Read a file. False: it cannot be used, and `say` has told why. Clear *ret_config either way. */
bool config_read(const char *path, enum config_use use, config_say *say, void *context,
                 struct config *ret_config);

/* One cluster as the command line gives it. */
struct config_call {
    const char *cluster;
    const char *const *nodes; /* NAME=HOST[:PORT] each */
    size_t node_count;
    const char *user;
    const char *password_file;
    const char *heartbeat_listen;
    const char *key_file;
    const char *http_listen;
    const char *token_file;
};

/* The same from the command line; mistakes name the option. */
bool config_call(const struct config_call *call, config_say *say, void *context,
                 struct config *ret_config);

void config_clear(struct config *config);

/* Of all clusters. */
size_t config_node_count(const struct config *config);

/* By name; NULL: there is none, or nowhere to look. */
const struct config_cluster *config_find_cluster(const struct config *config, const char *name);
const struct config_node *config_find_node(const struct config_cluster *cluster, const char *name);

/* The handler of a fault; NULL: there is none. */
const struct config_handler *config_find_handler(const struct config *config, unsigned fault);

/* The mode that holds for a fault: that of its handler, or that of all. A split brain is only acted upon where its
 * own handler says so. Without a handler: CONFIG_MODE_ADVISE at most. */
enum config_mode config_handler_mode(const struct config *config, unsigned fault);

/* Is anything acted upon? */
bool config_acts(const struct config *config);

/* The limits: derived from the cadence, single ones overridden. False: the cadence is not whole. */
bool config_limits(const struct config *config, struct health_limits *ret_limits);

/* The name of the n-th key that a file may have, with its section ("probe.interval_ms"); NULL: there are
 * not so many. For whoever checks that the manual has them all. */
const char *config_key(size_t index, char *text, size_t size);

#endif
