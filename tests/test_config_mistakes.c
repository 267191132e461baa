/*
 * test_config_mistakes.c - how people are told what a configuration may not say.
 */
#include "config_stage.h"
#include "placeholder.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct mistake {
    const char *text;
    const char *said; /* the whole of it */
};

#define ACTION(keys) LAB "handlers:\n  actions:\n    - {" keys "}\n"
#define NODE "nodes: [{name: n1, address: 10.0.0.1}]"

static const struct mistake mistakes[] = {
    /* keys */
    {LAB "prob: {}\n",
     "2: key \"prob\" is not known here; one of these is expected: clusters, "
     "probe, heartbeat, http, agent_check, report, record, memory, handlers, limits\n"},
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
    {LAB "http: {listen: 127.0.0.1:9202}\nagent_check: {listen: 127.0.0.1:9202}\n",
     " agent_check.listen: another port than http.listen has is expected (127.0.0.1:9202)\n"},
    {"clusters: [{name: lab, nodes: [{name: cluster, address: 10.0.0.1}]}]\n",
     "1: another name than \"cluster\" is expected for a node\n"},
    {"clusters: [{name: lab, nodes: [{name: turn, address: 10.0.0.1}]}]\n",
     "1: another name than \"turn\" is expected for a node\n"},
    /* handlers */
    {LAB "handlers: {mode: perhaps}\n",
     "2: off, advise or act is expected for mode, not \"perhaps\"\n"},
    {LAB "handlers: {mode: act}\n", "2: memory, the path of a file, is expected where the mode is "
                                    "act: without it a restart forgets what may not be done\n"},
    {LAB "handlers: {actions: 5}\n", "2: a list of mappings is expected for actions, not \"5\"\n"},
    {LAB "handlers:\n  actions:\n    - x\n",
     "4: a mapping with a fault and a command is expected for actions, not \"x\"\n4: a fault is "
     "expected for this action\n4: a command is expected for this action\n"},
    {ACTION("fault: node-frozen, command: [/bin/true]"),
     "4: a fault that healthd can act upon (split-brain, full-crash, full-stop, node-crashed, "
     "node-stopped) is expected for fault, not \"node-frozen\"\n"},
    {ACTION("fault: node-crashed"), "4: a command is expected for this action\n"},
    {ACTION("command: [/bin/true]"), "4: a fault is expected for this action\n"},
    {ACTION("fault: node-crashed, command: /bin/true"),
     "4: a list of words is expected for command, not \"/bin/true\"\n"},
    {ACTION("fault: node-crashed, command: []"),
     "4: the path of a program, from /, is expected as the first word of command\n"},
    {ACTION("fault: node-crashed, command: [true]"),
     "4: the path of a program, from /, is expected as the first word of command\n"},
    {ACTION("fault: node-crashed, command: [/nowhere/run]"),
     "4: a program that can be run is expected for command: /nowhere/run: No such file or "
     "directory\n"},
    {ACTION("fault: node-crashed, command: [/tmp]"),
     "4: a program that can be run is expected for command: /tmp: it is not a file\n"},
    {ACTION("fault: node-crashed, command: [/bin/true, \"{host}\"]"),
     "4: a word, in which braces hold " PLACEHOLDER_EXPECTED
     " only, is expected for command, not \"{host}\"\n"},
    {ACTION("fault: node-crashed, command: [/bin/true, \"{node\"]"),
     "4: a word, in which braces hold " PLACEHOLDER_EXPECTED
     " only, is expected for command, not \"{node\"\n"},
    {ACTION("fault: node-crashed, command: [/bin/true], retries: 11"),
     "4: a number from 0 to 10 is expected for retries, not \"11\"\n"},
    {ACTION("fault: node-crashed, command: [/bin/true], timeout_ms: 0"),
     "4: a number from 1 to 86400000 is expected for timeout_ms, not \"0\"\n"},
    {ACTION("fault: node-crashed, command: [/bin/true], environment: [A=b]"),
     "4: the name of a variable is expected for environment, not \"A=b\"\n"},
    {ACTION("fault: node-crashed, command: [/bin/true], environment: [1A]"),
     "4: the name of a variable is expected for environment, not \"1A\"\n"},
    {ACTION("fault: node-crashed, command: [/bin/true], mode: act"),
     "4: memory, the path of a file, is expected where the mode is act: without it a restart "
     "forgets what may not be done\n"},
    {ACTION("fault: node-crashed, command: [/bin/true]}\n    - {fault: node-crashed, command: "
            "[/bin/true]"),
     "5: fault node-crashed is handled once, and line 4 does so\n"},
    {ACTION("fault: node-crashed, command: [/bin/true], shell: true"),
     "4: key \"shell\" is not known here; one of these is expected: fault, command, mode, "
     "timeout_ms, cool_down_ms, retries, backoff_ms, environment\n"},
    {LAB "memory: /nowhere/m.json\n", "2: a file that can be created is expected for memory: "
                                      "/nowhere/m.json: No such file or directory\n"},
    /* not YAML, or too much of it */
    {"{clusters: ]\n", "1: not YAML: did not find expected node content, while parsing a flow "
                       "node\n"},
    {LAB "---\nprobe: {}\n", "3: one document is expected, and this begins another\n"},
};

Test(config_mistakes, each_mistake_is_told_with_its_line_and_what_is_expected)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct config config;
        struct said said;

        stage_read(mistakes[i].text, CONFIG_FOR_DAEMON, &config, &said);
        cr_expect_str_eq(said.text, mistakes[i].said, "of\n%s\nwas said:\n%s\nnot\n%s",
                         mistakes[i].text, said.text, mistakes[i].said);
        cr_expect(said.errors > 0);
        config_clear(&config);
    }
}

Test(config_mistakes, all_mistakes_are_told_in_the_order_of_lines)
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

    cr_expect_not(stage_read(text, CONFIG_FOR_DAEMON, &config, &said));
    cr_expect_eq(said.errors, 6, "%s", said.text);
    int last = 0;
    for (const char *line = said.text; *line; line = strchr(line, '\n') + 1) {
        cr_expect_geq(atoi(line), last, "%s", said.text);
        last = atoi(line);
    }
    config_clear(&config);
}

Test(config_mistakes, a_cluster_has_at_most_32_nodes)
{
    char text[4096] = "clusters:\n- name: lab\n  nodes:\n";
    struct config config;
    struct said said;

    for (int i = 0; i < 32; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  - {name: n%d}\n", i);
    cr_expect(stage_read(text, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
    config_clear(&config);
    strcat(text, "  - {name: n32}\n");
    cr_expect_not(stage_read(text, CONFIG_FOR_DAEMON, &config, &said));
    cr_expect_str_eq(said.text, "36: at most 32 nodes are expected: cluster lab has 33\n");
    config_clear(&config);
}

/* A file that holds `content`: its path stands between `before` and `after` in the text, and behind `expected` in what
 * is said. */
struct useless {
    const char *before;
    const char *after;
    const char *content;
    const char *expected;
    const char *why;
};

#define SHORT "it is shorter than 16 bytes; make one with: head -c 32 /dev/urandom | base64"
#define EMPTY "its first line is empty"

static const struct useless useless_files[] = {
    {LAB "heartbeat: {key_file: ", "}", "",
     "2: a file with a key is expected for key_file: ", SHORT},
    {LAB "heartbeat: {key_file: ", "}", "0123456789abcde\r\n",
     "2: a file with a key is expected for key_file: ", SHORT},
    {LAB "http: {token_file: ", "}", "",
     "2: a file with a secret is expected for token_file: ", EMPTY},
    {LAB "report: {redis: {password_file: ", "}}", "\nsecond\n",
     "2: a file with a secret is expected for password_file: ", EMPTY},
    {"clusters:\n  - {name: lab, " NODE ",\n     password_file: ", "}", "\n",
     "3: a file with a secret is expected for password_file: ", EMPTY},
};

Test(config_mistakes, a_file_that_holds_nothing_useful)
{
    for (size_t i = 0; i < sizeof useless_files / sizeof *useless_files; i++) {
        const struct useless *useless = &useless_files[i];
        char path[SCRATCH_SIZE], text[512], expected[512];
        struct config config;
        struct said said;

        scratch_file(path, "useless", useless->content, strlen(useless->content));
        snprintf(text, sizeof text, "%s%s%s\n", useless->before, path, useless->after);
        snprintf(expected, sizeof expected, "%s%s: %s\n", useless->expected, path, useless->why);
        cr_expect_not(stage_read(text, CONFIG_FOR_DAEMON, &config, &said));
        cr_expect_str_eq(said.text, expected, "%s", said.text);
        config_clear(&config);
        unlink(path);
    }
}

/* To watch without what it holds is better than not to watch. */
Test(config_mistakes, a_kept_file_that_cannot_be_read_is_a_warning)
{
    static const char *const keys[] = {"memory", "http: {maintenance_file"};
    char path[SCRATCH_SIZE], text[512], expected[512];
    struct config config;
    struct said said;

    scratch_directory(path, "kept");
    for (size_t i = 0; i < 2; i++) {
        snprintf(text, sizeof text, LAB "%s: %s%s\n", keys[i], path, i ? "}" : "");
        snprintf(expected, sizeof expected,
                 "2: a file that can be read is expected for %s: %s: it is not a file\n",
                 i ? "maintenance_file" : "memory", path);
        cr_expect(stage_read(text, CONFIG_FOR_DAEMON, &config, &said));
        cr_expect_eq(said.warnings, 1);
        cr_expect_str_eq(said.text, expected, "%s", said.text);
        config_clear(&config);
    }
    rmdir(path);
}

/* Some programs of the system are files that everybody may run, and no directories. */
Test(config_mistakes, a_file_is_no_place_for_others)
{
    struct config config;
    struct said said;

    cr_expect_not(stage_read(LAB "memory: /bin/true/m.json\n", CONFIG_FOR_DAEMON, &config, &said));
    cr_expect_str_eq(said.text, "2: a file that can be created is expected for memory: "
                                "/bin/true/m.json: Not a directory\n");
    config_clear(&config);
}

Test(config_mistakes, a_secret_that_everybody_can_read_is_a_warning)
{
    char secret[SCRATCH_SIZE];
    char text[512];
    struct config config;
    struct said said;

    scratch_file(secret, "secret", STAGE_KEY, strlen(STAGE_KEY));
    cr_assert_eq(chmod(secret, 0644), 0);
    snprintf(text, sizeof text, LAB "heartbeat: {key_file: %s}\n", secret);
    cr_expect(stage_read(text, CONFIG_FOR_DAEMON, &config, &said), "%s", said.text);
    cr_expect_eq(said.warnings, 1, "%s", said.text);
    config_clear(&config);
    unlink(secret);
}

/* healthctl replay runs where the daemon's secrets are not. */
