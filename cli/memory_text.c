/*
 * memory_text.c - what must outlive healthd as text, and back.
 */
#include "memory_text.h"

#include "config_value.h"
#include "json_value.h"
#include "wall_time.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1
#define MAGIC "healthd_memory"
#define DIGEST_BYTES 32
#define DIGEST_TEXT_SIZE (2 * DIGEST_BYTES + 1)

/* ---- Images ---- */

struct memory_cluster *memory_image_cluster(struct memory_image *image, const char *name)
{
    for (size_t i = 0; i < image->count; i++)
        if (strcmp(image->clusters[i].name, name) == 0)
            return &image->clusters[i];
    if (image->count == image->capacity) {
        size_t capacity = image->capacity ? 2 * image->capacity : 4;
        struct memory_cluster *more = realloc(image->clusters, capacity * sizeof *image->clusters);
        if (!more)
            return NULL;
        image->clusters = more;
        image->capacity = capacity;
    }
    struct memory_cluster *cluster = &image->clusters[image->count++];
    memset(cluster, 0, sizeof *cluster);
    snprintf(cluster->name, sizeof cluster->name, "%s", name);
    cluster->served.seqno = HEALTH_SEQNO_NONE;
    return cluster;
}

struct memory_node *memory_image_node(struct memory_cluster *cluster, const char *name)
{
    for (uint32_t i = 0; i < cluster->count; i++)
        if (strcmp(cluster->nodes[i].name, name) == 0)
            return &cluster->nodes[i];
    if (cluster->count == HEALTH_CLUSTER_NODES_MAX)
        return NULL;
    struct memory_node *node = &cluster->nodes[cluster->count++];
    memset(node, 0, sizeof *node);
    snprintf(node->name, sizeof node->name, "%s", name);
    node->served.seqno = HEALTH_SEQNO_NONE;
    return node;
}

bool memory_image_copy(const struct memory_image *image, struct memory_image *ret_copy)
{
    *ret_copy = (struct memory_image){.count = image->count, .capacity = image->count};
    if (!image->count)
        return true;
    ret_copy->clusters = malloc(image->count * sizeof *image->clusters);
    if (ret_copy->clusters)
        memcpy(ret_copy->clusters, image->clusters, image->count * sizeof *image->clusters);
    return ret_copy->clusters != NULL;
}

void memory_image_clear(struct memory_image *image)
{
    free(image->clusters);
    *image = (struct memory_image){.count = 0};
}

/* ---- Writing ---- */

static void add_node(cJSON *nodes, const struct memory_node *node)
{
    cJSON *json = cJSON_AddObjectToObject(nodes, node->name);
    char time[WALL_TIME_SIZE];

    position_add(json, "served", &node->served);
    json_add_time_if_any(json, "served_at", node->served_ns);
    json_add_integer(json, "served_size", node->served_size);
    cJSON_AddStringToObject(json, "taint", health_taint_name((enum health_taint)node->taint));
    cJSON *crashes = cJSON_AddArrayToObject(json, "crashes");
    for (int i = 0; i < HEALTH_CRASHES_KEPT && node->crash_ns[i]; i++)
        cJSON_AddItemToArray(crashes,
                             cJSON_CreateString(wall_time_format(node->crash_ns[i], time)));
    cJSON_AddBoolToObject(json, "crashed_together", node->crashed_together);
    cJSON_AddBoolToObject(json, "wanted", node->wanted);
}

static void add_cluster(cJSON *clusters, const struct memory_cluster *cluster)
{
    cJSON *json = cJSON_AddObjectToObject(clusters, cluster->name);

    position_add(json, "served", &cluster->served);
    json_add_time_if_any(json, "served_at", cluster->served_ns);
    json_add_time_if_any(json, "crashed_at", cluster->crashed_ns);
    cJSON_AddBoolToObject(json, "split", cluster->split);
    if (cluster->intent.id[0])
        intent_add(cJSON_AddObjectToObject(json, "intent"), &cluster->intent);
    else
        cJSON_AddNullToObject(json, "intent");
    cJSON *nodes = cJSON_AddObjectToObject(json, "nodes");
    for (uint32_t i = 0; i < cluster->count; i++)
        add_node(nodes, &cluster->nodes[i]);
}

static bool digest(const char *text, size_t length, char ret_hex[DIGEST_TEXT_SIZE])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (EVP_Digest(text, length, bytes, &size, EVP_sha256(), NULL) != 1 || size != DIGEST_BYTES)
        return false;
    for (unsigned i = 0; i < size; i++)
        snprintf(ret_hex + 2 * (size_t)i, 3, "%02x", bytes[i]);
    return true;
}

char *memory_print(const struct memory_image *image)
{
    cJSON *json = cJSON_CreateObject();
    char hex[DIGEST_TEXT_SIZE];
    char *whole = NULL;

    if (!json)
        return NULL;
    json_add_integer(json, MAGIC, VERSION);
    cJSON *clusters = cJSON_AddObjectToObject(json, "clusters");
    for (size_t i = 0; i < image->count; i++)
        add_cluster(clusters, &image->clusters[i]);
    char *line = json_print(json);
    if (line && digest(line, strlen(line), hex) && asprintf(&whole, "%s\n%s\n", line, hex) == -1)
        whole = NULL;
    free(line);
    return whole;
}

/* ---- Reading ---- */

static bool refuse(char problem[MEMORY_PROBLEM_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(char problem[MEMORY_PROBLEM_SIZE], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem, MEMORY_PROBLEM_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

static const cJSON *value_of(const cJSON *json, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(json, key);
}

static bool read_flag(const cJSON *json, bool *ret_flag)
{
    *ret_flag = cJSON_IsTrue(json);
    return cJSON_IsBool(json);
}

static bool read_taint(const cJSON *json, uint8_t *ret_taint)
{
    const char *text = cJSON_GetStringValue(json);

    for (unsigned i = 0; text && i < HEALTH_TAINT_COUNT; i++)
        if (strcmp(health_taint_name((enum health_taint)i), text) == 0) {
            *ret_taint = (uint8_t)i;
            return true;
        }
    return false;
}

static bool read_size(const cJSON *json, int32_t *ret_size)
{
    if (!cJSON_IsNumber(json) || json->valueint < 0)
        return false;
    *ret_size = (int32_t)json->valueint;
    return true;
}

static bool read_crashes(const cJSON *json, int64_t ret_ns[HEALTH_CRASHES_KEPT])
{
    const cJSON *item;
    int count = 0;

    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) > HEALTH_CRASHES_KEPT)
        return false;
    cJSON_ArrayForEach(item, json)
    {
        if (!json_read_time(item, &ret_ns[count]) || !ret_ns[count])
            return false;
        count++;
    }
    return true;
}

/* NULL, or the key that is not as expected. */
static const char *wrong_node_key(const cJSON *json, struct memory_node *node)
{
    if (!position_read(value_of(json, "served"), &node->served))
        return "served";
    if (!json_read_time(value_of(json, "served_at"), &node->served_ns))
        return "served_at";
    if (!read_size(value_of(json, "served_size"), &node->served_size))
        return "served_size";
    if (!read_taint(value_of(json, "taint"), &node->taint))
        return "taint";
    if (!read_crashes(value_of(json, "crashes"), node->crash_ns))
        return "crashes";
    if (!read_flag(value_of(json, "crashed_together"), &node->crashed_together))
        return "crashed_together";
    if (!read_flag(value_of(json, "wanted"), &node->wanted))
        return "wanted";
    return NULL;
}

static const char *wrong_cluster_key(const cJSON *json, struct memory_cluster *cluster)
{
    const cJSON *intent = value_of(json, "intent");

    if (!position_read(value_of(json, "served"), &cluster->served))
        return "served";
    if (!json_read_time(value_of(json, "served_at"), &cluster->served_ns))
        return "served_at";
    if (!json_read_time(value_of(json, "crashed_at"), &cluster->crashed_ns))
        return "crashed_at";
    if (!read_flag(value_of(json, "split"), &cluster->split))
        return "split";
    if (!cJSON_IsNull(intent) && (!cJSON_IsObject(intent) || intent_read(intent, &cluster->intent)))
        return "intent";
    return cJSON_IsObject(value_of(json, "nodes")) ? NULL : "nodes";
}

static bool parse_cluster(const cJSON *json, struct memory_image *image,
                          char problem[MEMORY_PROBLEM_SIZE])
{
    const char *name = json->string;
    const size_t before = image->count;
    struct memory_cluster *cluster =
        config_name_valid(name) ? memory_image_cluster(image, name) : NULL;
    const cJSON *item;

    if (!cluster || image->count == before)
        return refuse(problem, "clusters: the names of clusters are expected, once each");
    const char *key = wrong_cluster_key(json, cluster);
    if (key)
        return refuse(problem, "clusters.%s.%s: it is not as healthd writes it", name, key);
    cJSON_ArrayForEach(item, value_of(json, "nodes"))
    {
        const uint32_t count = cluster->count;
        struct memory_node *node =
            config_name_valid(item->string) ? memory_image_node(cluster, item->string) : NULL;
        if (!node || cluster->count == count)
            return refuse(problem, "clusters.%s.nodes: at most %d names are expected, once each",
                          name, HEALTH_CLUSTER_NODES_MAX);
        key = wrong_node_key(item, node);
        if (key)
            return refuse(problem, "clusters.%s.nodes.%s.%s: it is not as healthd writes it", name,
                          item->string, key);
    }
    return true;
}

static bool parse_document(const cJSON *json, struct memory_image *image,
                           char problem[MEMORY_PROBLEM_SIZE])
{
    const cJSON *version = value_of(json, MAGIC);
    const cJSON *clusters = value_of(json, "clusters");
    const cJSON *cluster;

    if (!cJSON_IsNumber(version) || version->valuedouble != VERSION)
        return refuse(problem,
                      "it is not a memory of healthd's, or of another version (" MAGIC
                      ": %d is expected)",
                      VERSION);
    if (!cJSON_IsObject(clusters))
        return refuse(problem, "clusters: a mapping of names is expected");
    cJSON_ArrayForEach(cluster, clusters)
    {
        if (!parse_cluster(cluster, image, problem))
            return false;
    }
    return true;
}

/* The document's line is as long as *ret_length; its checksum follows, and nothing else. */
static bool check_digest(const char *text, size_t *ret_length, char problem[MEMORY_PROBLEM_SIZE])
{
    const char *end = strchr(text, '\n');
    char hex[DIGEST_TEXT_SIZE];

    if (!end || strlen(end) != 1 + DIGEST_TEXT_SIZE || end[DIGEST_TEXT_SIZE] != '\n')
        return refuse(problem, "it is torn: a line of JSON and one with its checksum are expected");
    *ret_length = (size_t)(end - text);
    if (!digest(text, *ret_length, hex))
        return refuse(problem, "its checksum cannot be made");
    if (memcmp(end + 1, hex, DIGEST_TEXT_SIZE - 1) != 0)
        return refuse(problem, "its checksum does not fit: it was damaged, or changed by hand");
    return true;
}

bool memory_parse(const char *text, struct memory_image *ret_image,
                  char problem[MEMORY_PROBLEM_SIZE])
{
    size_t length = 0;

    *ret_image = (struct memory_image){.count = 0};
    if (!check_digest(text, &length, problem))
        return false;
    cJSON *json = cJSON_ParseWithLength(text, length);
    bool good = parse_document(json, ret_image, problem);
    cJSON_Delete(json);
    if (!good)
        memory_image_clear(ret_image);
    return good;
}
