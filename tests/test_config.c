/*
 * test_config.c - what a configuration may say.
 */
#include "config_stage.h"
#include "placeholder.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <healthd/diagnosis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Test(config, every_key_has_a_default_but_clusters)
{
    struct config config;
    struct said said;

    cr_assert(stage_read(LAB, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
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

    cr_assert(stage_read(LAB "agent_check:\n", CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
    cr_expect_str_eq(config.agent_check.listen, "127.0.0.1:9202");
    config_clear(&config);
    cr_assert(stage_read(LAB "agent_check: {listen: none}\n", CONFIG_FOR_DAEMON, &config, &said),
              "%s", said.text);
    cr_expect_null(config.agent_check.listen);
    config_clear(&config);
    cr_expect_not(stage_read(LAB "agent_check: {port: 9202}\n", CONFIG_FOR_DAEMON, &config, &said));
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
    "memory: /tmp/healthd-memory.json\n"
    "handlers:\n"
    "  mode: act\n"
    "  actions:\n"
    "    - fault: node-crashed\n"
    "      command: [/bin/true, start, '{node}']\n"
    "      timeout_ms: 5000\n"
    "      cool_down_ms: 7000\n"
    "      retries: 0\n"
    "      backoff_ms: 300\n"
    "      environment: [PATH, HOME]\n"
    "    - {fault: full-crash, command: [/bin/true], mode: 'off'}\n"
    "    - {fault: split-brain, command: [/bin/true]}\n"
    "limits: {settle_ms: 450}\n";

static void check_handlers(const struct config *config)
{
    const struct config_handler *handler = config_find_handler(config, HEALTH_FAULT_NODE_CRASHED);

    cr_expect_str_eq(config->memory, "/tmp/healthd-memory.json");
    cr_assert_not_null(handler);
    cr_expect_str_eq(handler->command[0], "/bin/true");
    cr_expect_str_eq(handler->command[2], "{node}");
    cr_expect_null(handler->command[3]);
    cr_expect_str_eq(handler->environment[1], "HOME");
    cr_expect_null(handler->environment[2]);
    cr_expect_eq(handler->timeout_ms, 5000);
    cr_expect_eq(handler->cool_down_ms, 7000);
    cr_expect_eq(handler->retries, 0);
    cr_expect_eq(handler->backoff_ms, 300);
    cr_expect_null(config_find_handler(config, HEALTH_FAULT_FULL_STOP));
    handler = config_find_handler(config, HEALTH_FAULT_FULL_CRASH);
    cr_expect_eq(handler->retries, 2);
    cr_expect_eq(handler->timeout_ms, 120000);
    cr_expect_null(handler->environment);
    cr_expect_eq(config_handler_mode(config, HEALTH_FAULT_NODE_CRASHED), CONFIG_MODE_ACT);
    cr_expect_eq(config_handler_mode(config, HEALTH_FAULT_FULL_CRASH), CONFIG_MODE_OFF);
    cr_expect_eq(config_handler_mode(config, HEALTH_FAULT_FULL_STOP), CONFIG_MODE_ADVISE,
                 "there is no command");
    cr_expect_eq(config_handler_mode(config, HEALTH_FAULT_SPLIT_BRAIN), CONFIG_MODE_ADVISE,
                 "its own handler has to say so");
    cr_expect(config_acts(config));
}

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
    check_handlers(config);
    cr_assert(config_limits(config, &limits));
    cr_expect_eq(limits.settle_ns, 450 * HEALTH_NS_PER_MS);
    cr_expect_eq(limits.probe_interval_ns, 3000 * HEALTH_NS_PER_MS);
}

Test(config, every_key_is_read)
{
    char secret[SCRATCH_SIZE];
    char text[4096];
    struct config config;
    struct said said;

    scratch_file(secret, "secret", STAGE_KEY, strlen(STAGE_KEY));
    snprintf(text, sizeof text, whole, secret, secret, secret, secret, secret, secret, secret);
    cr_assert(stage_read(text, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
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

    cr_assert(stage_read(text, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
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
    char secret[SCRATCH_SIZE];
    char text[512];

    scratch_file(secret, "secret", STAGE_KEY, strlen(STAGE_KEY));
    snprintf(text, sizeof text, LAB "heartbeat: {key_file: %s}\n", secret);
    cr_assert(stage_read(text, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
    cr_expect_str_eq(config.heartbeat_listen, "0.0.0.0:9201");
    config_clear(&config);

    cr_assert(stage_read(LAB "heartbeat: {listen: none}\n", CONFIG_FOR_DAEMON, &config, &said));
    cr_expect_null(config.heartbeat_listen);
    config_clear(&config);
    unlink(secret);
}

Test(config, a_replay_needs_neither_nodes_nor_secrets)
{
    struct config config;
    struct said said;
    const char *text = "clusters:\n  - {name: lab, expected_size: 2, password_file: /nowhere/pw}\n"
                       "heartbeat: {key_file: /nowhere/key}\n"
                       "record: /nowhere/trace.jsonl\n"
                       "limits: {settle_ms: 1}\n";

    cr_assert(stage_read(text, CONFIG_FOR_REPLAY, &config, &said), "%s", said.text);
    cr_expect_eq(config.probe_interval_ms, 0, "what is not said is the trace's business");
    cr_expect_eq(config.clusters[0].expected_size, 2);
    cr_expect_eq(config.limits.settle_ns, HEALTH_NS_PER_MS);
    config_clear(&config);
}

Test(config, a_file_that_is_not_there)
{
    struct config config;
    struct said said = {.path = NULL};

    cr_expect_not(
        config_read("/nowhere/healthd.yaml", CONFIG_FOR_DAEMON, stage_say, &said, &config));
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

    cr_assert(config_call(&call, stage_say, &said, &config), "%s", said.text);
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

    cr_expect_not(config_call(&call, stage_say, &said, &config));
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

Test(config, a_split_brain_is_acted_upon_where_that_is_said)
{
    struct config config;
    struct said said;

    cr_assert(stage_read(LAB "memory: /tmp/m.json\nhandlers:\n  actions:\n    - {fault: "
                             "split-brain, command: [/bin/true], mode: act}\n",
                         CONFIG_FOR_DAEMON, &config, &said),
              "%s", said.text);
    cr_expect_eq(config_handler_mode(&config, HEALTH_FAULT_SPLIT_BRAIN), CONFIG_MODE_ACT);
    cr_expect_eq(config_handler_mode(&config, HEALTH_FAULT_NODE_CRASHED), CONFIG_MODE_ADVISE);
    config_clear(&config);
}

/* What a value holds is not looked at again: a node cannot be called so that it stands for another. */
Test(config, words_in_braces_stand_for_something)
{
    const char *values[PLACEHOLDER_COUNT] = {"lab",   "{cluster}", "::1", "3306",
                                             "start", "f",         "0",   "-"};
    char *word = placeholder_fill("{node}@{address}:{port}{ {odd}", values);

    cr_expect_str_eq(word, "{cluster}@::1:3306{ {odd}");
    free(word);
    cr_expect(placeholder_valid("a}b"));
    cr_expect_not(placeholder_valid("{node} {Node}"));
    cr_expect_not(placeholder_valid("{{node}}"));
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

    cr_expect(config_read(TRACES_DIR "/../../deploy/healthd.yaml", CONFIG_FOR_REPLAY, stage_say,
                          &said, &config),
              "%s", said.text);
    cr_expect_eq(config.cluster_count, 1);
    config_clear(&config);
}
