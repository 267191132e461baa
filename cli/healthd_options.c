/*
 * healthd_options.c - how healthd is called.
 */
#include "healthd_options.h"

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <getopt.h>
#include <hiredis/hiredis.h>
#include <mysql.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

static const char usage[] =
    "usage: healthd [--config FILE]\n"
    "       healthd --check-config [FILE]\n"
    "       healthd --cluster NAME --node NAME=HOST[:PORT]... [--user U] [--password-file F]\n"
    "               [--heartbeat ADDRESS:PORT|none] [--key-file F]\n"
    "               [--http ADDRESS:PORT|none] [--token-file F]\n";

static const char help[] =
    "\n"
    "Watches MySQL Galera clusters and reports what is true of them.\n"
    "\n"
    "  -c, --config FILE       the configuration (default " HEALTHD_CONFIG ")\n"
    "      --check-config      say everything that is wrong with it, and exit\n"
    "\n"
    "One cluster without a file, for a first look; reports go to standard output:\n"
    "      --cluster NAME      its name\n"
    "      --node NAME=HOST[:PORT]\n"
    "                          one of its nodes; port 3306 by default\n"
    "      --user U            who asks the nodes (default healthd)\n"
    "      --password-file F   its password: the file's first line\n"
    "      --heartbeat A:P     where agents are listened to (default 127.0.0.1:9201; with a key\n"
    "                          0.0.0.0:9201); none: nowhere\n"
    "      --key-file F        the key that agents share\n"
    "      --http A:P          where HTTP is served (default 127.0.0.1:9200); none: nowhere\n"
    "      --token-file F      who shows its first line there may change something\n"
    "\n"
    "  -h, --help              this\n"
    "  -V, --version           the version, and those of the libraries\n"
    "\n"
    "SIGTERM and SIGINT stop it, a second one at once; SIGHUP reads the configuration and all\n"
    "secrets again, and changes nothing if they cannot be used.\n"
    "\n"
    "Exit status: 0 done, 1 it could not run, 2 wrong call, 78 the configuration cannot be used.\n"
    "healthd(8) and healthd.yaml(5) say more.\n";

static void print_version(void)
{
    int major, minor, patch;

    yaml_get_version(&major, &minor, &patch);
    printf("healthd %s\n", HEALTHD_VERSION);
    printf("libevent %s, libmariadb %s, libyaml %d.%d.%d, cJSON %s, hiredis %d.%d.%d, %s\n",
           event_get_version(), mysql_get_client_info(), major, minor, patch, cJSON_Version(),
           HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH, OpenSSL_version(OPENSSL_VERSION));
}

static enum healthd_call misused(const char *what, const char *value)
{
    fprintf(stderr, "healthd: %s%s\n%s", what, value, usage);
    return HEALTHD_CALL_MISUSED;
}

enum {
    CHECK_CONFIG = 256,
    CLUSTER,
    NODE,
    USER,
    PASSWORD_FILE,
    HEARTBEAT,
    KEY_FILE,
    HTTP,
    TOKEN_FILE
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check-config", no_argument, NULL, CHECK_CONFIG},
    {"cluster", required_argument, NULL, CLUSTER},
    {"node", required_argument, NULL, NODE},
    {"user", required_argument, NULL, USER},
    {"password-file", required_argument, NULL, PASSWORD_FILE},
    {"heartbeat", required_argument, NULL, HEARTBEAT},
    {"key-file", required_argument, NULL, KEY_FILE},
    {"http", required_argument, NULL, HTTP},
    {"token-file", required_argument, NULL, TOKEN_FILE},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0}};

static const char *name_of(int option)
{
    const struct option *row = long_options;
    while (row->val != option)
        row++;
    return row->name;
}

/* Where an option's text goes; NULL: it has none. */
static const char **place_of(struct healthd_options *options, int option)
{
    switch (option) {
    case 'c':
        return &options->path;
    case CLUSTER:
        return &options->call.cluster;
    case USER:
        return &options->call.user;
    case PASSWORD_FILE:
        return &options->call.password_file;
    case HEARTBEAT:
        return &options->call.heartbeat_listen;
    case KEY_FILE:
        return &options->call.key_file;
    case HTTP:
        return &options->call.http_listen;
    case TOKEN_FILE:
        return &options->call.token_file;
    default:
        return NULL;
    }
}

/* The two ways of giving a configuration do not mix. */
static enum healthd_call check(struct healthd_options *options, enum healthd_call call)
{
    const struct config_call *one = &options->call;
    bool described = one->node_count || one->user || one->password_file || one->heartbeat_listen ||
                     one->key_file || one->http_listen || one->token_file;

    if (described && !one->cluster)
        return misused("--cluster is expected", "");
    if (one->cluster && options->path)
        return misused("either a file or --cluster is expected, not ", options->path);
    if (!options->path)
        options->path = HEALTHD_CONFIG;
    options->call.nodes = options->nodes;
    return call;
}

enum healthd_call healthd_options_read(int argc, char **argv, struct healthd_options *options)
{
    enum healthd_call call = HEALTHD_CALL_RUN;
    int option;

    memset(options, 0, sizeof *options);
    while ((option = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1) {
        const char **place = place_of(options, option);
        if (option == 'h') {
            printf("%s%s", usage, help);
            return HEALTHD_CALL_ANSWERED;
        }
        if (option == 'V') {
            print_version();
            return HEALTHD_CALL_ANSWERED;
        }
        if (option == '?')
            return misused("see healthd --help", "");
        if (option == CHECK_CONFIG)
            call = HEALTHD_CALL_CHECK;
        if (option == NODE && options->call.node_count == HEALTHD_NODES_MAX)
            return misused("there are too many: --node ", optarg);
        if (option == NODE)
            options->nodes[options->call.node_count++] = optarg;
        if (place && *place)
            return misused("given twice: --", name_of(option));
        if (place)
            *place = optarg;
    }
    if (call == HEALTHD_CALL_CHECK && optind < argc && !options->path)
        options->path = argv[optind++];
    if (optind < argc)
        return misused("an option is expected, not ", argv[optind]);
    return check(options, call);
}
