/*
 * test_monitor.c - the composition: changes told, attention asked for, reloads that touch only what differs.
 */
#include "config.h"
#include "fake_witnesses.h"
#include "monitor.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIGS_MAX 8

/* A monitor on its loop, and what it writes to standard output, a pipe here. */
struct stage {
    struct event_base *base;
    struct monitor *monitor;
    struct config configs[CONFIGS_MAX];
    size_t config_count;
    int output;
    int former_stdout;
    char folder[SCRATCH_SIZE];
};

static void on_say(void *context, bool error, const char *text)
{
    (void)context;
    cr_assert_not(error, "%s", text);
}

/* One cluster line a cluster; `more` are further sections. */
static const struct config *configure(struct stage *stage, const char *clusters, const char *more)
{
    char path[SCRATCH_SIZE + 16];
    struct config *config = &stage->configs[stage->config_count++];

    snprintf(path, sizeof path, "%s/healthd.yaml", stage->folder);
    FILE *file = fopen(path, "w");
    fprintf(file, "clusters:\n%sheartbeat: {listen: '127.0.0.1:9'}\n%s", clusters, more);
    fclose(file);
    cr_assert(config_read(path, CONFIG_FOR_DAEMON, on_say, NULL, config));
    unlink(path);
    return config;
}

static struct stage begin(void)
{
    struct stage stage = {.monitor = NULL};
    int ends[2];

    scratch_directory(stage.folder, "monitor");
    cr_assert_eq(pipe(ends), 0);
    stage.former_stdout = dup(STDOUT_FILENO);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    stage.output = ends[0];
    fcntl(stage.output, F_SETFL, O_NONBLOCK);
    stage.base = event_base_new();
    event_base_priority_init(stage.base, 2);
    return stage;
}

static void start(struct stage *stage, const char *clusters)
{
    const struct monitor_options options = {.base = stage->base, .reporter = "test", .epoch = 7};
    stage->monitor = monitor_create(&options, configure(stage, clusters, ""));
    cr_assert_not_null(stage->monitor);
}

static void reload(struct stage *stage, const char *clusters)
{
    cr_assert(monitor_reload(stage->monitor, configure(stage, clusters, "")));
}

static void end(struct stage *stage)
{
    monitor_destroy(stage->monitor, 0);
    event_base_free(stage->base);
    for (size_t i = 0; i < stage->config_count; i++)
        config_clear(&stage->configs[i]);
    fflush(stdout);
    dup2(stage->former_stdout, STDOUT_FILENO);
    close(stage->former_stdout);
    close(stage->output);
    rmdir(stage->folder);
}

static void run_for(const struct stage *stage, int ms)
{
    const struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_base_loopexit(stage->base, &time);
    event_base_dispatch(stage->base);
}

/* What was reported since the last call. */
static const char *reported(const struct stage *stage)
{
    static char text[1 << 16];
    run_for(stage, 20);
    ssize_t length = read(stage->output, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

/* All nodes of a cluster of three answer. */
static void all_answer(const struct stage *stage)
{
    fake_answer("n1", 3);
    fake_answer("n2", 3);
    fake_answer("n3", 3);
    reported(stage);
}

static unsigned attention(const char *name)
{
    return fake_witnesses.nodes[fake_find(name)].attended;
}

#define NODE(name, address) "{name: " name ", address: " address "}"
#define CLUSTER(more, nodes) "- {name: lab, " more "nodes: [" nodes "]}\n"
#define N1 NODE("n1", "a1")
#define N2 NODE("n2", "a2")
#define N3 NODE("n3", "a3")
#define THREE CLUSTER("", N1 ", " N2 ", " N3)

Test(monitor, what_is_seen_is_told_as_one_line_a_change)
{
    struct stage stage = begin();
    start(&stage, THREE);
    reported(&stage);
    fake_answer("n2", 3);
    const char *lines = reported(&stage);
    cr_expect_not_null(strstr(lines, "\"cluster\":\"lab\",\"node\":\"n2\",\"state\":\"green\","
                                     "\"from\":\"unknown\",\"reason\":\"synced\""),
                       "%s", lines);
    cr_expect_not_null(strstr(lines, "\"cluster\":\"lab\",\"state\":\"yellow\""), "%s", lines);
    fake_answer("n2", 3);
    cr_expect_str_eq(reported(&stage), "");
    end(&stage);
}

Test(monitor, a_change_asks_for_the_attention_of_the_whole_cluster)
{
    struct stage stage = begin();
    start(&stage, THREE);
    all_answer(&stage);
    unsigned before = attention("n1");
    fake_answer("n1", 3);
    cr_expect_eq(attention("n1"), before, "nothing has changed");
    fake_link("n3", HEALTH_LINK_EOF);
    cr_expect_gt(attention("n1"), before, "a link has closed");
    cr_expect_gt(attention("n2"), 0);
    end(&stage);
}

Test(monitor, a_reload_touches_only_what_differs)
{
    struct stage stage = begin();
    start(&stage, THREE);
    all_answer(&stage);
    uint32_t n1 = fake_find("n1");
    reload(&stage, CLUSTER("expected_size: 3, ", N1 ", " N2 ", " NODE("n4", "a4")));
    cr_expect_eq(fake_find("n1"), n1);
    cr_expect_eq(fake_witnesses.nodes[n1].added, 1, "n1 is left alone");
    cr_expect_eq(fake_find("n3"), HEALTH_NODE_NONE);
    cr_expect_neq(fake_find("n4"), HEALTH_NODE_NONE);
    const char *lines = reported(&stage);
    cr_expect_null(strstr(lines, "\"node\":\"n1\""), "%s", lines);
    cr_expect_gt(fake_witnesses.rereads, 0, "secrets are read again");
    fake_failure("n1", HEALTH_PROBE_TIMEOUT);
    lines = reported(&stage);
    cr_expect_not_null(strstr(lines, "\"node\":\"n1\",\"state\":\"unknown\",\"from\":\"green\""),
                       "its state and versions go on: %s", lines);
    end(&stage);
}

Test(monitor, a_node_at_another_address_begins_anew)
{
    struct stage stage = begin();
    start(&stage, THREE);
    all_answer(&stage);
    reload(&stage, CLUSTER("", N1 ", " N2 ", " NODE("n3", "elsewhere")));
    cr_expect_str_eq(fake_witnesses.nodes[fake_find("n3")].host, "elsewhere");
    fake_answer("n3", 3);
    const char *lines = reported(&stage);
    cr_expect_not_null(strstr(lines, "\"node\":\"n3\",\"state\":\"green\",\"from\":\"unknown\""),
                       "%s", lines);
    end(&stage);
}

Test(monitor, other_credentials_connect_anew_and_keep_the_state)
{
    struct stage stage = begin();
    start(&stage, THREE);
    all_answer(&stage);
    uint32_t n1 = fake_find("n1");
    reload(&stage, CLUSTER("user: other, ", N1 ", " N2 ", " N3));
    cr_expect_eq(fake_find("n1"), n1);
    cr_expect_eq(fake_witnesses.nodes[n1].added, 2);
    cr_expect_null(strstr(reported(&stage), "\"state\":\"unknown\""));
    end(&stage);
}

/* The connection went with the former credentials. With the new ones there may never be another, and one that
 * is gone must not vouch for a node whose port is closed. */
Test(monitor, a_connection_of_former_credentials_proves_nothing)
{
    struct stage stage = begin();
    start(&stage, THREE);
    fake_link("n3", HEALTH_LINK_UP);
    all_answer(&stage);
    reload(&stage, CLUSTER("user: other, ", N1 ", " N2 ", " N3));
    fake_failure("n3", HEALTH_PROBE_REFUSED);
    const char *lines = reported(&stage);
    cr_expect_null(strstr(lines, "contradicted"), "%s", lines);
    cr_expect_not_null(strstr(lines, "\"node\":\"n3\""), "%s", lines);
    end(&stage);
}

Test(monitor, clusters_come_and_go)
{
    struct stage stage = begin();
    char status[128];
    start(&stage, THREE "- {name: two, nodes: [" NODE("m1", "b1") "]}\n");
    fake_answer("m1", 1);
    monitor_status(stage.monitor, status, sizeof status);
    cr_expect_not_null(strstr(status, "2 clusters"), "%s", status);
    reload(&stage, THREE);
    cr_expect_eq(fake_find("m1"), HEALTH_NODE_NONE);
    monitor_status(stage.monitor, status, sizeof status);
    cr_expect_not_null(strstr(status, "1 cluster: "), "%s", status);
    end(&stage);
}

/* Full clusters, as many as there is room for: the first and the last but for a node that is in one of them. */
static char *write_full(bool mover_in_first)
{
    enum { CLUSTERS = FAKE_NODES_MAX / 32 };
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    for (unsigned c = 0; c <= CLUSTERS; c++) {
        bool last = c == CLUSTERS;
        fprintf(file, "- {name: c%u, user: u, nodes: [", c);
        if ((c == 0 && mover_in_first) || (last && !mover_in_first))
            fprintf(file, NODE("mover", "a") ", ");
        for (unsigned n = 0; n < (last ? 1 : c == 0 ? 30 : 32); n++)
            fprintf(file, NODE("n%u", "a%u-%u") ", ", n, c, n);
        fprintf(file, "]}\n");
    }
    fclose(file);
    return text;
}

Test(monitor, a_node_that_changes_its_cluster_needs_no_room_for_two)
{
    struct stage stage = begin();
    char *before = write_full(false);
    char *after = write_full(true);

    start(&stage, THREE); /* the room is made at the start */
    reload(&stage, before);
    cr_expect_neq(fake_find("mover"), HEALTH_NODE_NONE);
    reload(&stage, after);
    cr_expect_neq(fake_find("mover"), HEALTH_NODE_NONE);
    end(&stage);
    free(before);
    free(after);
}

Test(monitor, members_are_found_by_name_in_their_own_cluster)
{
    struct stage stage = begin();
    start(&stage, THREE "- {name: two, nodes: [" NODE("m1", "b1") "]}\n");
    uint32_t n1 = fake_find("n1");
    cr_expect_eq(fake_witnesses.member(fake_witnesses.context, n1, "n2"), fake_find("n2"));
    cr_expect_eq(fake_witnesses.member(fake_witnesses.context, n1, "m1"), HEALTH_NODE_NONE);
    end(&stage);
}

Test(monitor, the_engine_is_called_though_nothing_is_seen)
{
    struct stage stage = begin();
    start(&stage, THREE);
    uint64_t before = monitor_ticks(stage.monitor);
    run_for(&stage, 700);
    cr_expect_geq(monitor_ticks(stage.monitor), before + 2);
    end(&stage);
}

Test(monitor, who_does_not_read_holds_up_nothing)
{
    struct stage stage = begin();
    start(&stage, THREE);
    fcntl(stage.output, F_SETPIPE_SZ, 4096);
    for (int i = 0; i < 2000; i++) {
        fake_answer("n1", 3);
        fake_failure("n1", HEALTH_PROBE_TIMEOUT);
        if (i % 50 == 0)
            run_for(&stage, 1);
    }
    fake_answer("n1", 3);
    char last[8192] = "";
    for (int i = 0; i < 40; i++) { /* now somebody reads */
        const char *lines = reported(&stage);
        const char *line = lines;
        for (const char *end = strchr(line, '\n'); end; line = end + 1, end = strchr(line, '\n'))
            if (strstr(line, "\"node\":\"n1\"") && strstr(line, "\"node\":\"n1\"") < end)
                snprintf(last, sizeof last, "%.*s", (int)(end - line), line);
    }
    cr_expect_not_null(strstr(last, "\"state\":\"green\""), "the latest state arrives: %s", last);
    cr_expect_not_null(strstr(last, "\"version\":400"), "%s", last);
    end(&stage);
}
