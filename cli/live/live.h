/*
 * live.h - what the commands that ask a running healthd share: options, documents, complaints.
 */
#ifndef HEALTHD_CLI_LIVE_LIVE_H
#define HEALTHD_CLI_LIVE_LIVE_H

#include "client.h"
#include "command.h"
#include "directory.h"

#include <cjson/cJSON.h>
#include <getopt.h>

/* Options that all of them have, for getopt_long(). */
enum { LIVE_SERVER = 256, LIVE_TIMEOUT, LIVE_TOKEN_FILE };
#define LIVE_OPTIONS \
    {"server", required_argument, NULL, LIVE_SERVER}, \
        {"timeout", required_argument, NULL, LIVE_TIMEOUT}, \
    { \
        "help", no_argument, NULL, 'h' \
    }
#define LIVE_ARGUMENTS " [--server URL] [--timeout S]"
#define LIVE_HELP \
    "  --server URL   the healthd to ask (default $HEALTHD_SERVER, or " CLIENT_SERVER ")\n" \
    "  --timeout S    seconds that an answer may take, from 0.1 to 600 (default 5)\n"

struct live {
    const struct command *command;
    const char *server; /* NULL, like the two below: not said */
    const char *timeout;
    const char *token_file;
    struct client *client;
    int code; /* after a failure: the exit code */
};

/* Take an option that is one of the above, or that of token.h. */
bool live_option(struct live *live, int option, const char *value);

/* Begin. False: it was said why not. Close it either way. */
bool live_open(struct live *live);
void live_close(struct live *live);

/* Say on standard error what is wrong, with the exit code that follows from it. */
void live_complain(struct live *live, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A document of healthd's from an answer, in the form that is known here. NULL: ret_problem says why not,
 * and *ret_code is the exit code. The caller deletes. */
cJSON *live_document(const struct client_answer *answer, char ret_problem[CLIENT_PROBLEM_MAX],
                     int *ret_code);

/* Print a document's text as it is, or as YAML: `output` is "json" or "yaml". */
void live_print(struct live *live, const char *output, const char *text);

/* Take from all texts what a terminal would obey: whoever answered, this is shown on one. */
void live_disarm(cJSON *json);

/* Ask for one. NULL: it was said why not. `ret_text`, if any, gets the document as it came; it is good
 * until the next question. */
cJSON *live_get(struct live *live, const char *path, const char **ret_text);

#define LIVE_PATH_MAX 256

/* Where one cluster, or all of them where `cluster` is NULL, are told of, with `rest` behind. False: it was said
 * what is expected. */
bool live_cluster_path(struct live *live, const char *cluster, const char *rest,
                       char path[LIVE_PATH_MAX]);

/* The document of one cluster, or of all where `cluster` is NULL. */
cJSON *live_get_clusters(struct live *live, const char *cluster, const char **ret_text);

/* Its clusters in turn: NULL first, NULL last. */
const cJSON *live_next_cluster(const cJSON *document, const cJSON *cluster);

/* "CLUSTER/NODE", "CLUSTER" or, for a node that is wanted, "NODE": names that can be in a path. False: it
 * was said what is expected. */
bool live_parse_name(struct live *live, const char *text, bool node, struct directory_entry *ret);

/* Which node is meant; a name without its cluster is looked for in all of them. False: it was said why
 * there is none. */
bool live_find_node(struct live *live, const char *text, struct directory_entry *ret_entry);

/* "/v1/clusters/C" or "/v1/clusters/C/N", with what follows. */
void live_path(const struct directory_entry *entry, const char *rest, char path[LIVE_PATH_MAX]);

#endif
