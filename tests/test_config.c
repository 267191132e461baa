/*
 * test_config.c - what a configuration may say, and how people are told what it may not.
 */
#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What was said, one a line, without the path before the line number. */
struct said {
    char text[8192];
    const char *path;
    unsigned errors;
    unsigned warnings;
};

static void on_say(void *context, bool error, const char *text)
{
    struct said *said = context;
    size_t skip = said->path ? strlen(said->path) + 1 : 0;
    size_t length = strlen(said->text);
    snprintf(said->text + length, sizeof said->text - length, "%s\n", text + skip);
    *(error ? &said->errors : &said->warnings) += 1;
}

static bool read_as(const char *text, enum config_use use, struct config *config, struct said *said)
{
    char path[] = "/tmp/healthd-config-XXXXXX";
    int descriptor = mkstemp(path);

    *said = (struct said){.path = path};
    cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
    bool good = config_read(path, use, on_say, said, config);
    unlink(path);
    cr_expect_eq(good, said->errors == 0, "%s", said->text);
    return good;
}

#define LAB "clusters: [{name: lab, nodes: [{name: n1, address: 10.0.0.1}]}]\n"

Test(config, every_key_has_a_default_but_clusters)
{
    struct config config;
    struct said said;

    cr_assert(read_as(LAB, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
    cr_expect_eq(config.probe_interval_ms, 1000);
    cr_expect_eq(config.probe_timeout_ms, 500);
    cr_expect_eq(config.view_interval_ms, 3000);
    cr_expect_eq(config.heartbeat_interval_ms, 500);
    cr_expect_str_eq(config.heartbeat_listen, "127.0.0.1:9201");
    cr_expect_null(config.heartbeat_key_file);
    cr_expect_str_eq(config.http_listen, "127.0.0.1:9200");
    cr_expect_null(config.http_token_file);
    cr_expect_null(config.http_maintenance_file);
    cr_expect_null(config.agent_check.listen);
    cr_expect_eq(config.queue_capacity, 1024);
    cr_expect(config.report_stdout);
    cr_expect_not(config.redis.wanted);
    cr_expect_null(config.record);
    cr_assert_eq(config.cluster_count, 1);
    const struct config_cluster *cluster = &config.clusters[0];
    cr_expect_str_eq(cluster->name, "lab");
    cr_expect_str_eq(cluster->user, "healthd");
    cr_expect_eq(cluster->expected_size, 1);
    cr_expect_null(cluster->password_file);
    cr_expect_str_eq(cluster->nodes[0].host, "10.0.0.1");
    cr_expect_eq(cluster->nodes[0].port, 3306);
    cr_expect_eq(cluster->nodes[0].extra_port, 0);
    config_clear(&config);
}

Test(config, agent_check_is_answered_where_it_is_there)
{
    struct config config;
    struct said said;

    cr_assert(read_as(LAB "agent_check:\n", CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
    cr_expect_str_eq(config.agent_check.listen, "127.0.0.1:9202");
    config_clear(&config);
    cr_assert(read_as(LAB "agent_check: {listen: none}\n", CONFIG_FOR_DAEMON, &config, &said), "%s",
              said.text);
    cr_expect_null(config.agent_check.listen);
    config_clear(&config);
    cr_expect_not(read_as(LAB "agent_check: {port: 9202}\n", CONFIG_FOR_DAEMON, &config, &said));
    cr_expect_not_null(strstr(said.text, "listen"), "%s", said.text);
    config_clear(&config);
}

/* Every key at once; the paths are of files that exist. */
static const char whole[] =
    "clusters:\n"
    "  - name: lab\n"
    "    expected_size: 2\n"
    "    user: probe\n"
    "    password_file: %s\n"
    "    tls_ca: %s\n"
    "    tls_cert: %s\n"
    "    tls_key: %s\n"
    "    extra_port: 33062\n"
    "    nodes:\n"
    "      - {name: n1, address: db1.example.org, port: 3307}\n"
    "      - {name: n2, address: '2001:db8::2', extra_port: 3308}\n"
    "  - {name: other, defaults_file: %s, nodes: [{name: n1}]}\n"
    "probe: {interval_ms: 3000, timeout_ms: 700, view_interval_ms: 9000}\n"
    "heartbeat: {listen: '[::]:9301', interval_ms: 250, key_file: %s}\n"
    "http: {listen: '127.0.0.1:9200', maintenance_file: /tmp/healthd-maintenance.json}\n"
    "agent_check: {listen: '[::1]:9302'}\n"
    "report:\n"
    "  queue_capacity: 16\n"
    "  stdout: false\n"
    "  redis: {address: /run/redis.sock, user: u, password_file: %s, log_length: 77}\n"
    "record: /tmp/healthd-record.jsonl\n"
    "limits: {settle_ms: 450}\n";

static void check_whole(const struct config *config)
{
    const struct config_cluster *cluster = &config->clusters[0];
    struct health_limits limits;

    cr_assert_eq(config->cluster_count, 2);
    cr_expect_eq(cluster->expected_size, 2);
    cr_expect_str_eq(cluster->user, "probe");
    cr_expect_not_null(cluster->password_file);
    cr_expect_not_null(cluster->tls_ca);
    cr_expect_not_null(cluster->tls_cert);
    cr_expect_not_null(cluster->tls_key);
    cr_expect_str_eq(cluster->nodes[0].host, "db1.example.org");
    cr_expect_eq(cluster->nodes[0].port, 3307);
    cr_expect_eq(cluster->nodes[0].extra_port, 33062);
    cr_expect_str_eq(cluster->nodes[1].host, "2001:db8::2");
    cr_expect_eq(cluster->nodes[1].extra_port, 3308);
    cr_expect_str_eq(config->clusters[1].nodes[0].host, "n1");
    cr_expect_null(config->clusters[1].user);
    cr_expect_eq(config->probe_interval_ms, 3000);
    cr_expect_eq(config->probe_timeout_ms, 700);
    cr_expect_eq(config->view_interval_ms, 9000);
    cr_expect_eq(config->heartbeat_interval_ms, 250);
    cr_expect_str_eq(config->heartbeat_listen, "[::]:9301");
    cr_expect_str_eq(config->http_listen, "127.0.0.1:9200");
    cr_expect_str_eq(config->http_maintenance_file, "/tmp/healthd-maintenance.json");
    cr_expect_str_eq(config->agent_check.listen, "[::1]:9302");
    cr_expect_eq(config->queue_capacity, 16);
    cr_expect_not(config->report_stdout);
    cr_expect(config->redis.wanted);
    cr_expect_str_eq(config->redis.address, "/run/redis.sock");
    cr_expect_str_eq(config->redis.user, "u");
    cr_expect_eq(config->redis.log_length, 77);
    cr_expect_str_eq(config->record, "/tmp/healthd-record.jsonl");
    cr_assert(config_limits(config, &limits));
    cr_expect_eq(limits.settle_ns, 450 * HEALTH_NS_PER_MS);
    cr_expect_eq(limits.probe_interval_ns, 3000 * HEALTH_NS_PER_MS);
}

Test(config, every_key_is_read)
{
    char secret[] = "/tmp/healthd-secret-XXXXXX";
    char text[4096];
    struct config config;
    struct said said;

    close(mkstemp(secret));
    snprintf(text, sizeof text, whole, secret, secret, secret, secret, secret, secret, secret);
    cr_assert(read_as(text, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
    check_whole(&config);
    cr_expect_eq(said.warnings, 0, "%s", said.text);
    config_clear(&config);
    unlink(secret);
}

Test(config, json_is_yaml_too)
{
    struct config config;
    struct said said;
    const char *text = "{\n  \"clusters\": [{\"name\": \"lab\", \"nodes\": [\n"
                       "    {\"name\": \"n1\", \"address\": \"10.0.0.1\", \"port\": 3310}]}],\n"
                       "  \"probe\": {\"interval_ms\": 200},\n"
                       "  \"report\": {\"stdout\": true, \"redis\": {}}\n}\n";

    cr_assert(read_as(text, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
    cr_expect_eq(config.clusters[0].nodes[0].port, 3310);
    cr_expect_eq(config.probe_interval_ms, 200);
    cr_expect(config.redis.wanted);
    cr_expect_str_eq(config.redis.address, "127.0.0.1:6379");
    config_clear(&config);
}

Test(config, with_a_key_agents_may_come_from_everywhere)
{
    struct config config;
    struct said said;
    char secret[] = "/tmp/healthd-secret-XXXXXX";
    char text[512];

    close(mkstemp(secret));
    snprintf(text, sizeof text, LAB "heartbeat: {key_file: %s}\n", secret);
    cr_assert(read_as(text, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
    cr_expect_str_eq(config.heartbeat_listen, "0.0.0.0:9201");
    config_clear(&config);

    cr_assert(read_as(LAB "heartbeat: {listen: none}\n", CONFIG_FOR_DAEMON, &config, &said));
    cr_expect_null(config.heartbeat_listen);
    config_clear(&config);
    unlink(secret);
}

struct mistake {
    const char *text;
    const char *said; /* the whole of it */
};

#define NODE "nodes: [{name: n1, address: 10.0.0.1}]"

static const struct mistake mistakes[] = {
    /* keys */
    {LAB "prob: {}\n", "2: key \"prob\" is not known here; one of these is expected: clusters, "
                       "probe, heartbeat, http, agent_check, report, record, limits\n"},
    {LAB "probe:\n  intervall_ms: 5\n",
     "3: key \"intervall_ms\" is not known here; one of these is expected: interval_ms, "
     "timeout_ms, view_interval_ms\n"},
    {LAB "probe:\n  timeout_ms: 5\n  timeout_ms: 6\n",
     "4: timeout_ms is said once, and line 3 says it already\n"},
    {LAB "? [a]\n: b\n", "2: the name of a key is expected\n"},
    /* types and ranges */
    {LAB "probe:\n  interval_ms: soon\n",
     "3: a number from 1 to 3600000 is expected for interval_ms, not \"soon\"\n"},
    {LAB "probe:\n  interval_ms: \"1000\"\n",
     "3: a number from 1 to 3600000 is expected for interval_ms, not \"1000\"\n"},
    {LAB "probe:\n  interval_ms: 0\n",
     "3: a number from 1 to 3600000 is expected for interval_ms, not \"0\"\n"},
    {LAB "probe:\n  interval_ms: -1\n",
     "3: a number from 1 to 3600000 is expected for interval_ms, not \"-1\"\n"},
    {LAB "probe:\n  interval_ms: 3600001\n",
     "3: a number from 1 to 3600000 is expected for interval_ms, not \"3600001\"\n"},
    {LAB "probe:\n  interval_ms: 4294967396\n",
     "3: a number from 1 to 3600000 is expected for interval_ms, not \"4294967396\"\n"},
    {LAB "probe:\n  interval_ms: 1.5\n",
     "3: a number from 1 to 3600000 is expected for interval_ms, not \"1.5\"\n"},
    {LAB "probe:\n  interval_ms: [1]\n",
     "3: a number from 1 to 3600000 is expected for interval_ms\n"},
    {LAB "probe:\n  interval_ms:\n", "3: a number from 1 to 3600000 is expected for interval_ms\n"},
    {LAB "probe: 5\n", "2: a mapping of keys and values is expected for probe, not \"5\"\n"},
    {LAB "report:\n  stdout: yes\n", "3: true or false is expected for stdout, not \"yes\"\n"},
    {LAB "record: []\n", "2: the path of a file is expected for record\n"},
    {"[a]\n", "1: a mapping of keys and values is expected\n"},
    {"clusters: 5\n", "1: a list of mappings is expected for clusters, not \"5\"\n"},
    {"clusters: []\n", "1: at least one cluster is expected for clusters\n"},
    {LAB "limits:\n  settle_ms: x\n",
     "3: a number from 1 to 3600000 is expected for settle_ms, not \"x\"\n"},
    {LAB "limits:\n  probe_timeout_ms: 5\n",
     "3: probe_timeout_ms is set by interval_ms and timeout_ms of probe and heartbeat\n"},
    /* what is missing, there twice, too much */
    {"", " clusters are expected: there is nothing to watch\n"},
    {"probe: {}\n", " clusters are expected: there is nothing to watch\n"},
    {"clusters:\n  - {name: lab}\n", "2: nodes are expected: cluster lab has none\n"},
    {"clusters:\n  - {name: lab, nodes: []}\n", "2: nodes are expected: cluster lab has none\n"},
    {"clusters:\n  - {" NODE "}\n", "2: a name is expected for this cluster\n"},
    {"clusters:\n  - {name: a, " NODE "}\n  - {name: a, " NODE "}\n",
     "3: cluster a is there twice: each needs a name of its own\n"},
    {"clusters:\n  - name: lab\n    nodes:\n      - {name: n1, address: a}\n      - {name: n1, "
     "address: b}\n",
     "5: node n1 is there twice: each needs a name of its own\n"},
    {"clusters:\n  - name: lab\n    nodes:\n      - {name: n1, address: a}\n      - {name: n2, "
     "address: a}\n",
     "5: node n1 has this address already: each needs its own\n"},
    {"clusters:\n  - name: lab\n    nodes:\n      - {address: a}\n",
     "4: a name is expected for this node\n"},
    {"clusters:\n  - n1\n", "2: a mapping with a name is expected for clusters, not \"n1\"\n"
                            "2: a name is expected for this cluster\n"
                            "2: nodes are expected: cluster  has none\n"},
    /* names and addresses */
    {"clusters:\n  - {name: \"a b\", " NODE "}\n",
     "2: 1 to 63 letters, digits, '.', '_' and '-' is expected for name, not \"a b\"\n"},
    {"clusters:\n  - {name: lab, nodes: [{name: n1, address: 10.0.0.1:3306}]}\n",
     "2: a host name or an IP address, without a port is expected for address, not "
     "\"10.0.0.1:3306\"\n"},
    {"clusters:\n  - {name: lab, nodes: [{name: n1, address: 10.0.0.300}]}\n",
     "2: a host name or an IP address, without a port is expected for address, not "
     "\"10.0.0.300\"\n"},
    {"clusters:\n  - {name: lab, nodes: [{name: n1, port: 65536}]}\n",
     "2: a number from 1 to 65535 is expected for port, not \"65536\"\n"},
    {LAB "heartbeat:\n  listen: 9201\n",
     "3: an IP address and a port, such as 0.0.0.0:9201 or [::]:9201, or none, is expected for "
     "listen, not \"9201\"\n"},
    {LAB "heartbeat:\n  listen: localhost:9201\n",
     "3: an IP address and a port, such as 0.0.0.0:9201 or [::]:9201, or none, is expected for "
     "listen, not \"localhost:9201\"\n"},
    {LAB "report:\n  redis: {address: redis}\n",
     "3: HOST:PORT, or the path of a Unix socket, is expected for address, not \"redis\"\n"},
    /* files */
    {"clusters:\n  - {name: lab, " NODE ",\n     password_file: /nowhere/pw}\n",
     "3: a file that can be read is expected for password_file: /nowhere/pw: No such file or "
     "directory\n"},
    {LAB "heartbeat:\n  key_file: /tmp\n",
     "3: a file that can be read is expected for key_file: /tmp: it is not a file\n"},
    {LAB "http: {maintenance_file: /nowhere/m.json}\n",
     "2: a file that can be created is expected for maintenance_file: /nowhere/m.json: No such "
     "file "
     "or directory\n"},
    {LAB "record: /nowhere/trace.jsonl\n",
     "2: a file that can be created is expected for record: /nowhere/trace.jsonl: No such file or "
     "directory\n"},
    {LAB "record: /tmp/\n", "2: a file that can be created is expected for record: /tmp/: it names "
                            "a directory, and a file is expected\n"},
    /* what contradicts */
    {"clusters:\n  - {name: lab, " NODE
     ", password_file: /etc/hostname, defaults_file: /etc/hostname}\n",
     "2: /etc/hostname can be read by everybody on this machine: chmod o-r it\n"
     "2: /etc/hostname can be read by everybody on this machine: chmod o-r it\n"
     "2: either password_file or defaults_file is expected\n"},
    {"clusters:\n  - {name: lab, " NODE ", tls_cert: /etc/hostname}\n",
     "2: tls_cert and tls_key are expected together\n"
     "2: tls_ca is expected where tls_cert is: it makes TLS required\n"},
    {LAB "probe: {interval_ms: 5000, view_interval_ms: 4000}\n",
     " probe.view_interval_ms of at least interval_ms (5000) is expected\n"},
    {LAB "limits: {evict_min_ms: 30000, evict_max_ms: 10000}\n",
     " limits that agree are expected, and evict_min is above evict_max (healthctl rules prints "
     "them)\n"},
    {"clusters: [{name: lab, nodes: [{name: cluster, address: 10.0.0.1}]}]\n",
     "1: another name than \"cluster\" is expected for a node\n"},
    /* not YAML, or too much of it */
    {"{clusters: ]\n", "1: not YAML: did not find expected node content, while parsing a flow "
                       "node\n"},
    {LAB "---\nprobe: {}\n", "3: one document is expected, and this begins another\n"},
};

Test(config, each_mistake_is_told_with_its_line_and_what_is_expected)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct config config;
        struct said said;

        read_as(mistakes[i].text, CONFIG_FOR_DAEMON, &config, &said);
        cr_expect_str_eq(said.text, mistakes[i].said, "of\n%s\nwas said:\n%s\nnot\n%s",
                         mistakes[i].text, said.text, mistakes[i].said);
        cr_expect(said.errors > 0);
        config_clear(&config);
    }
}

Test(config, all_mistakes_are_told_in_the_order_of_lines)
{
    struct config config;
    struct said said;
    const char *text = "clusters:\n"
                       "  - name: lab\n"
                       "    nodes:\n"
                       "      - {name: n1, address: 10.0.0.1}\n"
                       "      - {name: n1, address: 10.0.0.2, port: 0}\n"
                       "    passwordfile: /x\n"
                       "probe:\n"
                       "  interval_ms: fast\n"
                       "  timeout_ms: 0\n"
                       "report: {stdout: 1}\n";

    cr_expect_not(read_as(text, CONFIG_FOR_DAEMON, &config, &said));
    cr_expect_eq(said.errors, 6, "%s", said.text);
    int last = 0;
    for (const char *line = said.text; *line; line = strchr(line, '\n') + 1) {
        cr_expect_geq(atoi(line), last, "%s", said.text);
        last = atoi(line);
    }
    config_clear(&config);
}

Test(config, a_cluster_has_at_most_32_nodes)
{
    char text[4096] = "clusters:\n- name: lab\n  nodes:\n";
    struct config config;
    struct said said;

    for (int i = 0; i < 32; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  - {name: n%d}\n", i);
    cr_expect(read_as(text, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
    config_clear(&config);
    strcat(text, "  - {name: n32}\n");
    cr_expect_not(read_as(text, CONFIG_FOR_DAEMON, &config, &said));
    cr_expect_str_eq(said.text, "36: at most 32 nodes are expected: cluster lab has 33\n");
    config_clear(&config);
}

Test(config, a_secret_that_everybody_can_read_is_a_warning)
{
    char secret[] = "/tmp/healthd-secret-XXXXXX";
    char text[512];
    struct config config;
    struct said said;

    int descriptor = mkstemp(secret);
    cr_assert_eq(fchmod(descriptor, 0644), 0);
    close(descriptor);
    snprintf(text, sizeof text, LAB "heartbeat: {key_file: %s}\n", secret);
    cr_expect(read_as(text, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
    cr_expect_eq(said.warnings, 1, "%s", said.text);
    config_clear(&config);
    unlink(secret);
}

/* healthctl replay runs where the daemon's secrets are not. */
Test(config, a_replay_needs_neither_nodes_nor_secrets)
{
    struct config config;
    struct said said;
    const char *text = "clusters:\n  - {name: lab, expected_size: 2, password_file: /nowhere/pw}\n"
                       "heartbeat: {key_file: /nowhere/key}\n"
                       "record: /nowhere/trace.jsonl\n"
                       "limits: {settle_ms: 1}\n";

    cr_assert(read_as(text, CONFIG_FOR_REPLAY, &config, &said), "%s", said.text);
    cr_expect_eq(config.probe_interval_ms, 0, "what is not said is the trace's business");
    cr_expect_eq(config.clusters[0].expected_size, 2);
    cr_expect_eq(config.limits.settle_ns, HEALTH_NS_PER_MS);
    config_clear(&config);
}

Test(config, a_file_that_is_not_there)
{
    struct config config;
    struct said said = {.path = NULL};

    cr_expect_not(config_read("/nowhere/healthd.yaml", CONFIG_FOR_DAEMON, on_say, &said, &config));
    cr_expect_str_eq(said.text, "/nowhere/healthd.yaml: cannot be opened: No such file or "
                                "directory\n");
    config_clear(&config);
}

Test(config, the_command_line_form)
{
    struct config config;
    struct said said = {.path = NULL};
    const char *const nodes[] = {"n1=10.0.0.1:3307", "n2=db2", "n3=[2001:db8::3]:3309"};
    const struct config_call call = {
        .cluster = "lab", .nodes = nodes, .node_count = 3, .user = "probe"};

    cr_assert(config_call(&call, on_say, &said, &config), "%s", said.text);
    const struct config_cluster *cluster = &config.clusters[0];
    cr_expect_str_eq(cluster->name, "lab");
    cr_expect_str_eq(cluster->user, "probe");
    cr_expect_eq(cluster->expected_size, 3);
    cr_expect_str_eq(cluster->nodes[0].host, "10.0.0.1");
    cr_expect_eq(cluster->nodes[0].port, 3307);
    cr_expect_str_eq(cluster->nodes[1].host, "db2");
    cr_expect_eq(cluster->nodes[1].port, 3306);
    cr_expect_str_eq(cluster->nodes[2].host, "2001:db8::3");
    cr_expect_eq(cluster->nodes[2].port, 3309);
    cr_expect_eq(config.probe_interval_ms, 1000);
    cr_expect(config.report_stdout);
    config_clear(&config);
}

Test(config, mistakes_on_the_command_line_name_the_option)
{
    struct config config;
    struct said said = {.path = NULL};
    const char *const nodes[] = {"n1", "n2=10.0.0.1:0", "n 3=a", "n4=b", "n4=c"};
    const struct config_call call = {.cluster = "la b",
                                     .nodes = nodes,
                                     .node_count = 5,
                                     .password_file = "/nowhere/pw",
                                     .heartbeat_listen = "9201"};

    cr_expect_not(config_call(&call, on_say, &said, &config));
    cr_expect_eq(said.errors, 7, "%s", said.text);
    cr_expect_not_null(strstr(said.text, "healthd: --node n1: NAME=HOST[:PORT] is expected\n"));
    cr_expect_not_null(strstr(said.text, "--node n2=10.0.0.1:0: NAME=HOST[:PORT]"));
    cr_expect_not_null(strstr(said.text, "--node n 3=a: a name of"));
    cr_expect_not_null(strstr(said.text, "node n4 is there twice"));
    cr_expect_not_null(strstr(said.text, "--cluster la b: a name of"));
    cr_expect_not_null(strstr(said.text, "--password-file /nowhere/pw: a file that can be read"));
    cr_expect_not_null(strstr(said.text, "--heartbeat 9201: an IP address and a port"));
    config_clear(&config);
}

static const char *last_part(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

Test(config, the_manual_has_every_key)
{
    static char manual[1 << 16];
    char key[64], item[80];
    size_t index = 0;
    FILE *file = fopen(TRACES_DIR "/../../docs/man/healthd.yaml.5", "r");

    cr_assert_not_null(file);
    manual[fread(manual, 1, sizeof manual - 1, file)] = '\0';
    fclose(file);
    for (; config_key(index, key, sizeof key); index++) {
        bool section = !strchr(key, '.');
        snprintf(item, sizeof item, section ? ".Ss %s\n" : "Cm %s", last_part(key));
        if (strncmp(key, "limits.", 7) == 0)
            snprintf(item, sizeof item, "%s", last_part(key));
        cr_expect_not_null(strstr(manual, item), "%s is not described", key);
    }
    cr_expect_gt(index, 40);
}

Test(config, the_example_can_be_used)
{
    struct config config;
    struct said said = {.path = NULL};

    cr_expect(config_read(TRACES_DIR "/../../deploy/healthd.yaml", CONFIG_FOR_REPLAY, on_say, &said,
                          &config),
              "%s", said.text);
    cr_expect_eq(config.cluster_count, 1);
    config_clear(&config);
}
