/*
 * live.c - see live.h.
 */
#include "live.h"

#include "config_value.h"
#include "disarm.h"
#include "overview.h"
#include "picture.h"
#include "yaml_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MIN_S 0.1
#define TIMEOUT_MAX_S 600.0
#define TIMEOUT_S "5"

bool live_option(struct live *live, int option, const char *value)
{
    if (option == LIVE_SERVER)
        live->server = value;
    else if (option == LIVE_TIMEOUT)
        live->timeout = value;
    else if (option == LIVE_TOKEN_FILE)
        live->token_file = value;
    else
        return false;
    return true;
}

/* ---- Beginning ---- */

/* What was said, or what the environment says, or what holds otherwise. */
static const char *choose(const char *said, const char *variable, const char *otherwise)
{
    const char *value = said ? said : getenv(variable);
    return value && *value ? value : otherwise;
}

static bool parse_timeout(const char *text, uint32_t *ret_ms)
{
    char *end = NULL;
    double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds >= TIMEOUT_MIN_S && seconds <= TIMEOUT_MAX_S))
        return false;
    *ret_ms = (uint32_t)(seconds * 1000);
    return true;
}

bool live_open(struct live *live)
{
    struct client_options options = {
        .server = choose(live->server, "HEALTHD_SERVER", CLIENT_SERVER),
        .token_file = choose(live->token_file, "HEALTHD_TOKEN_FILE", NULL)};
    const char *timeout = live->timeout ? live->timeout : TIMEOUT_S;

    live->code = EXIT_USAGE;
    if (!client_server_valid(options.server)) {
        command_misused(live->command,
                        "server %s: a URL such as " CLIENT_SERVER " is expected, without a path",
                        options.server);
    } else if (!parse_timeout(timeout, &options.timeout_ms)) {
        command_misused(live->command, "--timeout %s: seconds from %g to %g are expected", timeout,
                        TIMEOUT_MIN_S, TIMEOUT_MAX_S);
    } else {
        live->client = client_create(&options);
        if (!live->client)
            live_complain(live, EXIT_SERVER, "memory is short");
    }
    return live->client;
}

void live_close(struct live *live)
{
    client_destroy(live->client);
}

void live_complain(struct live *live, int code, const char *format, ...)
{
    va_list arguments;

    live->code = code;
    va_start(arguments, format);
    fprintf(stderr, "healthctl %s: ", live->command->name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

/* ---- Documents ---- */

/* As deep as cJSON reads, which is not deep. */
void live_disarm(cJSON *json)
{
    for (; json; json = json->next) {
        disarm(json->string, "");
        disarm(json->valuestring, "");
        live_disarm(json->child);
    }
}

void live_print(struct live *live, const char *output, const char *text)
{
    size_t length = text ? strlen(text) : 0;

    if (strcmp(output, "json") == 0 && length)
        printf("%s%s", text, text[length - 1] == '\n' ? "" : "\n");
    else if (!length || !yaml_write(stdout, text))
        live_complain(live, EXIT_SERVER,
                      "the document cannot be written as YAML: -o json shows it");
}

static void tell_refusal(const struct client_answer *answer, const cJSON *json, char *problem)
{
    const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "error"));

    snprintf(problem, CLIENT_PROBLEM_MAX, "the server refuses (%ld): %s", answer->status,
             error ? error : "it does not say why. Is it healthd that listens there?");
}

static bool known_form(const cJSON *json, char *problem)
{
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(json, "schema");

    if (!cJSON_IsNumber(schema)) {
        snprintf(problem, CLIENT_PROBLEM_MAX,
                 "the server's answer is no document of healthd's. Is it healthd that listens "
                 "there?");
        return false;
    }
    if (schema->valuedouble <= OVERVIEW_SCHEMA)
        return true;
    snprintf(problem, CLIENT_PROBLEM_MAX,
             "the server's documents have form %g, and this healthctl knows form %d: one of the "
             "server's release is expected",
             schema->valuedouble, OVERVIEW_SCHEMA);
    return false;
}

cJSON *live_document(const struct client_answer *answer, char ret_problem[CLIENT_PROBLEM_MAX],
                     int *ret_code)
{
    cJSON *json = answer->status ? cJSON_Parse(answer->text) : NULL;
    bool good = false;

    live_disarm(json);
    *ret_code = EXIT_SERVER;
    if (!answer->status) {
        snprintf(ret_problem, CLIENT_PROBLEM_MAX, "%s", answer->problem);
    } else if (answer->status / 100 != 2) {
        tell_refusal(answer, json, ret_problem);
        if (answer->status == 404 && json)
            *ret_code = EXIT_USAGE; /* a name that is not there */
    } else {
        good = known_form(json, ret_problem);
    }
    if (good)
        return json;
    cJSON_Delete(json);
    return NULL;
}

cJSON *live_get(struct live *live, const char *path, const char **ret_text)
{
    struct client_answer answer;
    char problem[CLIENT_PROBLEM_MAX];
    int code;

    client_ask(live->client, "GET", path, NULL, &answer);
    cJSON *json = live_document(&answer, problem, &code);
    if (!json && code == EXIT_USAGE)
        live_complain(live, code, "%s; asked for was %s", problem, path);
    else if (!json)
        live_complain(live, code, "%s", problem);
    if (ret_text)
        *ret_text = answer.text;
    return json;
}

bool live_cluster_path(struct live *live, const char *cluster, const char *rest,
                       char path[LIVE_PATH_MAX])
{
    struct directory_entry entry;

    snprintf(path, LIVE_PATH_MAX, "/v1/clusters");
    if (!cluster)
        return true;
    if (!live_parse_name(live, cluster, false, &entry))
        return false;
    if (entry.node[0]) {
        live->code = command_misused(live->command,
                                     "%s is a node: CLUSTER is expected; for a node: healthctl why "
                                     "%s",
                                     cluster, cluster);
        return false;
    }
    live_path(&entry, rest, path);
    return true;
}

cJSON *live_get_clusters(struct live *live, const char *cluster, const char **ret_text)
{
    char path[LIVE_PATH_MAX];

    return live_cluster_path(live, cluster, "", path) ? live_get(live, path, ret_text) : NULL;
}

const cJSON *live_next_cluster(const cJSON *document, const cJSON *cluster)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "clusters");

    if (cJSON_IsArray(list))
        return cluster ? cluster->next : list->child;
    return cluster ? NULL : cJSON_GetObjectItemCaseSensitive(document, "cluster");
}

/* ---- Names ---- */

bool live_parse_name(struct live *live, const char *text, bool node, struct directory_entry *ret)
{
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : node ? 0 : strlen(text);
    const char *name = slash ? slash + 1 : node ? text : "";

    *ret = (struct directory_entry){.spent = 0};
    if (length < sizeof ret->cluster && strlen(name) < sizeof ret->node) {
        memcpy(ret->cluster, text, length);
        snprintf(ret->node, sizeof ret->node, "%s", name);
    }
    bool cluster_good = node && !slash ? true : config_name_valid(ret->cluster);
    bool node_good = node || slash ? config_name_valid(ret->node) : true;
    if (cluster_good && node_good)
        return true;
    live->code = command_misused(live->command, "\"%s\" is no name: %s is expected", text,
                                 node ? "NODE or CLUSTER/NODE" : "CLUSTER");
    return false;
}

/* Every cluster that has such a node is noted in `homes`; gives their number. */
static unsigned find_homes(const cJSON *document, struct directory_entry *entry, char *homes,
                           size_t size)
{
    const cJSON *cluster = NULL;
    const cJSON *node;
    unsigned found = 0;

    *homes = '\0';
    while ((cluster = live_next_cluster(document, cluster)))
        for (node = picture_first(picture_get(cluster, "nodes")); node; node = node->next) {
            if (strcmp(picture_text(node, "name"), entry->node) != 0)
                continue;
            snprintf(entry->cluster, sizeof entry->cluster, "%.*s", DIRECTORY_NAME_MAX - 1,
                     picture_text(cluster, "name"));
            snprintf(homes + strlen(homes), size - strlen(homes), "%s%s/%s", found++ ? ", " : "",
                     entry->cluster, entry->node);
        }
    return found;
}

bool live_find_node(struct live *live, const char *text, struct directory_entry *ret_entry)
{
    char homes[CLIENT_PROBLEM_MAX];
    unsigned found;

    if (!live_parse_name(live, text, true, ret_entry))
        return false;
    if (ret_entry->cluster[0])
        return true;
    cJSON *document = live_get(live, "/v1/clusters", NULL);
    if (!document)
        return false;
    found = find_homes(document, ret_entry, homes, sizeof homes);
    cJSON_Delete(document);
    if (found == 0)
        live_complain(live, EXIT_USAGE,
                      "no node is called %s: the name of one is expected (healthctl status has "
                      "them)",
                      text);
    if (found > 1)
        live_complain(live, EXIT_USAGE, "%s is several nodes: one of %s is expected", text, homes);
    return found == 1;
}

void live_path(const struct directory_entry *entry, const char *rest, char path[LIVE_PATH_MAX])
{
    snprintf(path, LIVE_PATH_MAX, "/v1/clusters/%s%s%s%s", entry->cluster,
             entry->node[0] ? "/" : "", entry->node, rest);
}
