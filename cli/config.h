/*
 * config.h - what a replay takes from a configuration file.
 *
 * The file has healthd's format: YAML (JSON is YAML too). A replay uses the cadence, the limits and the
 * expected size of the cluster of the trace's name; the other sections are recognised and skipped.
 */
#ifndef HEALTHD_CLI_CONFIG_H
#define HEALTHD_CLI_CONFIG_H

#include <healthd/rules.h>

#define CONFIG_CLUSTERS_MAX 64

struct config_cluster {
    char name[64];
    uint32_t expected_size; /* 0: not said */
};

struct config {
    uint32_t probe_interval_ms; /* 0: not said; the trace's own holds */
    uint32_t probe_timeout_ms;
    uint32_t heartbeat_interval_ms;
    struct health_limits limits; /* 0: not said; derived from the cadence */
    struct config_cluster clusters[CONFIG_CLUSTERS_MAX];
    size_t cluster_count;
};

/* Read a file. False: it was said on stderr what is wrong, where, and what is expected. */
bool config_read(const char *path, struct config *ret_config);

#endif
