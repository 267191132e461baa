/*
 * agent_options.c - the command line of healthd-agent.
 */
#include "agent_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_MIN_MS 10
#define INTERVAL_MAX_MS 60000

const char agent_help[] =
    "usage: healthd-agent --cluster NAME --node NAME --monitor HOST[:PORT] --datadir DIRECTORY\n"
    "                     --socket FILE [--user NAME] [--password-file FILE] ... [-- "
    "COMMAND...]\n\n"
    "Watch the mysqld beside it and send heartbeats to healthd.\n\n"
    "  --cluster NAME        the cluster's name in healthd's configuration\n"
    "  --node NAME           this node's name there\n"
    "  --monitor HOST[:PORT] where a healthd listens, by default at port 9201; may be given\n"
    "                        several times\n"
    "  --datadir DIRECTORY   mysqld's data directory; need not exist yet\n"
    "  --socket FILE         mysqld's Unix socket; need not exist yet\n"
    "  --user NAME           whom to ask mysqld as\n"
    "  --password-file FILE  its first line is the password\n"
    "  --defaults-file FILE  an option file with user and password in [client]\n"
    "  --pid-file FILE       mysqld's pid file, where it is not in the data directory\n"
    "  --key-file FILE       the key shared with healthd; without it heartbeats can be forged\n"
    "  --interval-ms N       between heartbeats, 10 to 60000; 500 by default\n"
    "  --help, --version\n"
    "  -- COMMAND...         what recovers the node's position when healthd asks for it: mysqld as "
    "it\n"
    "                        is started here, with --wsrep-recover. No shell is used\n\n"
    "It runs in the foreground until SIGTERM; SIGHUP reads the credentials again.\n"
    "Run it as the user that mysqld runs as, or as root: to others the kernel does not say how a\n"
    "process ended.\n"
    "Exit codes: 0 ended by a signal; 1 it failed; 2 wrong usage, or a file that cannot be used.\n";

enum {
    OPTION_CLUSTER = 256,
    OPTION_NODE,
    OPTION_MONITOR,
    OPTION_DATADIR,
    OPTION_SOCKET,
    OPTION_USER,
    OPTION_PASSWORD_FILE,
    OPTION_DEFAULTS_FILE,
    OPTION_PID_FILE,
    OPTION_KEY_FILE,
    OPTION_INTERVAL,
    OPTION_HELP,
    OPTION_VERSION,
};

/* In the order of their numbers. */
static const struct option options[] = {
    {"cluster", required_argument, NULL, OPTION_CLUSTER},
    {"node", required_argument, NULL, OPTION_NODE},
    {"monitor", required_argument, NULL, OPTION_MONITOR},
    {"datadir", required_argument, NULL, OPTION_DATADIR},
    {"socket", required_argument, NULL, OPTION_SOCKET},
    {"user", required_argument, NULL, OPTION_USER},
    {"password-file", required_argument, NULL, OPTION_PASSWORD_FILE},
    {"defaults-file", required_argument, NULL, OPTION_DEFAULTS_FILE},
    {"pid-file", required_argument, NULL, OPTION_PID_FILE},
    {"key-file", required_argument, NULL, OPTION_KEY_FILE},
    {"interval-ms", required_argument, NULL, OPTION_INTERVAL},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* Where an option's text goes; NULL: it is none of these. */
static const char **text_of(struct agent_command *command, int option)
{
    struct agent_options *agent = &command->options;

    switch (option) {
    case OPTION_CLUSTER:
        return &agent->cluster;
    case OPTION_NODE:
        return &agent->node;
    case OPTION_DATADIR:
        return &agent->datadir;
    case OPTION_SOCKET:
        return &agent->target.socket;
    case OPTION_USER:
        return &agent->target.user;
    case OPTION_PASSWORD_FILE:
        return &agent->target.password_file;
    case OPTION_DEFAULTS_FILE:
        return &agent->target.defaults_file;
    case OPTION_PID_FILE:
        return &agent->pid_file;
    case OPTION_KEY_FILE:
        return &agent->key_file;
    default:
        return NULL;
    }
}

static bool take_interval(struct agent_command *command, const char *text, char *wrong, size_t size)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*end || end == text || value < INTERVAL_MIN_MS || value > INTERVAL_MAX_MS) {
        snprintf(wrong, size, "--interval-ms \"%s\": a number from %d to %d is expected", text,
                 INTERVAL_MIN_MS, INTERVAL_MAX_MS);
        return false;
    }
    command->options.interval_ns = value * HEALTH_NS_PER_MS;
    return true;
}

static bool take_monitor(struct agent_command *command, const char *text, char *wrong, size_t size)
{
    if (command->options.monitor_count == AGENT_MONITORS_MAX) {
        snprintf(wrong, size, "--monitor: at most %d are possible", AGENT_MONITORS_MAX);
        return false;
    }
    command->monitors[command->options.monitor_count++] = text;
    return true;
}

static bool take_option(struct agent_command *command, int option, char *wrong, size_t size)
{
    const char **text = text_of(command, option);
    const char *name = options[option - OPTION_CLUSTER].name;

    if (text && (!*optarg || *text)) {
        snprintf(wrong, size, *text ? "--%s is given twice" : "--%s: a value is expected", name);
        return false;
    }
    if (text)
        *text = optarg;
    else if (option == OPTION_MONITOR)
        return take_monitor(command, optarg, wrong, size);
    else if (option == OPTION_INTERVAL)
        return take_interval(command, optarg, wrong, size);
    command->help |= option == OPTION_HELP;
    command->version |= option == OPTION_VERSION;
    return true;
}

static bool is_complete(const struct agent_command *command, char *wrong, size_t size)
{
    const struct agent_options *agent = &command->options;
    const char *missing = !agent->cluster ? "--cluster, its name in healthd's configuration"
                          : !agent->node  ? "--node, this node's name in healthd's configuration"
                          : !agent->monitor_count ? "--monitor, the HOST:PORT where healthd listens"
                          : !agent->datadir       ? "--datadir, mysqld's data directory"
                          : !agent->target.socket ? "--socket, mysqld's Unix socket"
                                                  : NULL;
    if (missing)
        snprintf(wrong, size, "%s, is missing", missing);
    return !missing;
}

bool agent_command_parse(int argc, char **argv, struct agent_command *ret_command, char *wrong,
                         size_t size)
{
    *ret_command = (struct agent_command){0};
    ret_command->options.interval_ns = AGENT_INTERVAL_DEFAULT_MS * HEALTH_NS_PER_MS;
    optind = 1;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (option == '?' || option == ':') {
            snprintf(wrong, size, option == ':' ? "%s: a value is expected" : "%s: no such option",
                     argv[optind - 1]);
            return false;
        }
        if (option == 'h')
            option = OPTION_HELP;
        if (!take_option(ret_command, option, wrong, size))
            return false;
    }
    bool dashes = optind > 1 && strcmp(argv[optind - 1], "--") == 0;
    if (optind < argc && !dashes) {
        snprintf(wrong, size, "\"%s\" belongs to no option", argv[optind]);
        return false;
    }
    if (dashes && optind == argc) {
        snprintf(wrong, size, "--: the command that recovers the position is expected behind it");
        return false;
    }
    ret_command->options.recover = dashes ? argv + optind : NULL;
    ret_command->options.monitors = ret_command->monitors;
    return ret_command->help || ret_command->version || is_complete(ret_command, wrong, size);
}
