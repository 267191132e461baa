/*
 * agent_options.h - the command line of healthd-agent.
 */
#ifndef HEALTHD_CLI_AGENT_OPTIONS_H
#define HEALTHD_CLI_AGENT_OPTIONS_H

#include "agent.h"

#define AGENT_MONITORS_MAX 16
#define AGENT_INTERVAL_DEFAULT_MS 500

struct agent_command {
    struct agent_options options;
    const char *monitors[AGENT_MONITORS_MAX];
    bool help; /* asked for; the rest is not checked then, nor with version */
    bool version;
};

/* Read a command line. Texts stay the caller's. False: `wrong` says why and what to do. */
bool agent_command_parse(int argc, char **argv, struct agent_command *ret_command, char *wrong,
                         size_t size);

/* What --help prints. */
extern const char agent_help[];

#endif
