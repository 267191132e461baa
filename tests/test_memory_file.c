/*
 * test_memory_file.c - what outlives healthd: written and read back, and refused when it is not exactly that.
 */
#include "memory_file.h"
#include "durable_file.h"
#include "memory_text.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <healthd/observer.h>
#include <healthd/rules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct health_uuid history = {UINT64_C(0x0123456789abcdef),
                                           UINT64_C(0xfedcba9876543210)};

/* Above what a double can hold. */
#define SEQNO (INT64_C(9007199254740993))

static void fill(struct memory_image *image)
{
    struct memory_cluster *cluster;
    struct memory_node *node;

    *image = (struct memory_image){.count = 0};
    cluster = memory_image_cluster(image, "lab");
    cluster->served = (struct health_position){history, SEQNO};
    cluster->served_ns = INT64_C(1700000000123000000);
    cluster->crashed_ns = INT64_C(1700000001000000000);
    cluster->split = true;
    cluster->intent = (struct intent){
        .id = "17-3",
        .node = "n1",
        .fault = HEALTH_FAULT_FULL_CRASH,
        .action = HEALTH_ACTION_BOOTSTRAP,
        .outcome = INTENT_PENDING,
        .attempt = 2,
        .position = {history, SEQNO},
        .fencing = 7,
        .begun_ns = INT64_C(1700000002000000000),
    };
    node = memory_image_node(cluster, "n1");
    node->served = (struct health_position){history, SEQNO - 1};
    node->served_ns = INT64_C(1700000000000000000);
    node->served_size = 3;
    node->taint = HEALTH_TAINT_TORN;
    node->crashed_together = true;
    node->wanted = true;
    node->crash_ns[0] = INT64_C(1700000001000000000);
    node->crash_ns[1] = INT64_C(1600000001000000000);
    memory_image_node(cluster, "n2");
    memory_image_cluster(image, "empty");
}

static bool same(const struct memory_image *a, const struct memory_image *b)
{
    bool good = a->count == b->count;
    for (size_t i = 0; good && i < a->count; i++)
        good = memcmp(&a->clusters[i], &b->clusters[i], sizeof a->clusters[i]) == 0;
    return good;
}

Test(memory_file, what_is_written_is_read)
{
    struct memory_image image;
    struct memory_image read;
    char problem[MEMORY_PROBLEM_SIZE] = "";

    fill(&image);
    char *text = memory_print(&image);
    cr_assert(memory_parse(text, &read, problem), "%s", problem);
    cr_expect(same(&image, &read), "%s", text);
    cr_expect_eq(read.clusters[0].served.seqno, SEQNO);
    cr_expect_eq(read.clusters[0].intent.fencing, 7);
    cr_expect_eq(read.clusters[0].nodes[1].served.seqno, HEALTH_SEQNO_NONE);
    memory_image_clear(&image);
    memory_image_clear(&read);
    free(text);
}

/* Whatever a crash leaves of it, or a bit that falls over makes of it. */
Test(memory_file, a_torn_or_damaged_text_is_refused)
{
    struct memory_image image;
    struct memory_image read;
    char problem[MEMORY_PROBLEM_SIZE];

    fill(&image);
    char *text = memory_print(&image);
    const size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        char *torn = strndup(text, i);
        cr_expect_not(memory_parse(torn, &read, problem), "cut at %zu of %zu", i, length);
        cr_expect_eq(read.count, 0);
        free(torn);
        for (unsigned bit = 0; bit < 7; bit++) {
            const char former = text[i];
            text[i] = (char)(former ^ (1 << bit));
            cr_expect_not(memory_parse(text, &read, problem), "byte %zu bit %u", i, bit);
            text[i] = former;
        }
    }
    memory_image_clear(&image);
    free(text);
}

/* A line with the checksum that belongs to it. */
static void expect_refused(const char *line, const char *said)
{
    struct memory_image parsed;
    char problem[MEMORY_PROBLEM_SIZE] = "";
    char command[2048];
    char text[2048];
    char hex[65] = "";

    snprintf(command, sizeof command, "printf %%s '%s' | sha256sum", line);
    FILE *pipe = popen(command, "r");
    cr_assert_eq(fread(hex, 1, 64, pipe), 64);
    pclose(pipe);
    snprintf(text, sizeof text, "%s\n%s\n", line, hex);
    cr_expect_not(memory_parse(text, &parsed, problem), "%s", line);
    cr_expect_not_null(strstr(problem, said), "%s: %s", line, problem);
}

#define NODE(more) \
    "{\"healthd_memory\":1,\"clusters\":{\"lab\":{\"served\":null,\"served_at\":null," \
    "\"crashed_at\":null,\"split\":false,\"intent\":null,\"nodes\":{\"n1\":{" more "}}}}}"
#define CLUSTER(more) "{\"healthd_memory\":1,\"clusters\":{\"lab\":{" more "}}}"
#define UUID "01234567-89ab-cdef-fedc-ba9876543210"

Test(memory_file, what_healthd_does_not_write_is_refused_with_its_place)
{
    expect_refused("{}", "not a memory of healthd");
    expect_refused("[", "not a memory of healthd");
    expect_refused("{\"healthd_memory\":2,\"clusters\":{}}", "another version");
    expect_refused("{\"maintenance\":1,\"nodes\":[]}", "not a memory of healthd");
    expect_refused("{\"healthd_memory\":1}", "clusters: ");
    expect_refused("{\"healthd_memory\":1,\"clusters\":{\"a b\":{}}}", "names of clusters");
    expect_refused(CLUSTER(""), "clusters.lab.served:");
    expect_refused(CLUSTER("\"served\":\"" UUID ":-1\""), "clusters.lab.served:");
    expect_refused(CLUSTER("\"served\":\"" UUID ":99999999999999999999\""), "clusters.lab.served:");
    expect_refused(CLUSTER("\"served\":\"" UUID ":\""), "clusters.lab.served:");
    expect_refused(CLUSTER("\"served\":5"), "clusters.lab.served:");
    expect_refused(CLUSTER("\"served\":null,\"served_at\":\"soon\""), "clusters.lab.served_at:");
    expect_refused(NODE("\"served\":null,\"served_at\":null,\"served_size\":0,\"taint\":\"odd\""),
                   "clusters.lab.nodes.n1.taint:");
    expect_refused(NODE("\"served\":null,\"served_at\":null,\"served_size\":0,\"taint\":\"none\","
                        "\"crashes\":[null]"),
                   "clusters.lab.nodes.n1.crashes:");
}

/* ---- The file ---- */

struct stage {
    struct event_base *base;
    struct health_engine *engine;
    struct health_queue *queue;
    struct health_memory *memory;
    struct roster roster;
    struct memory_file *file;
    char folder[SCRATCH_SIZE];
    char path[SCRATCH_SIZE + 32];
    uint32_t cluster;
    uint32_t node;
};

static void open_file(struct stage *stage)
{
    const struct memory_file_options options = {.base = stage->base,
                                                .path = stage->path,
                                                .roster = &stage->roster,
                                                .memory = stage->memory};
    stage->file = memory_file_create(&options);
    cr_assert_not_null(stage->file);
}

static void begin(struct stage *stage)
{
    struct health_engine_options options = {
        .nodes = 4, .clusters = 2, .now_ns = health_clock_ns(), .ruleset = &health_rules_galera};
    static struct health_limits limits;
    const struct health_cadence cadence = {.probe_interval_ns = HEALTH_NS_PER_S,
                                           .probe_timeout_ns = HEALTH_NS_PER_S / 2,
                                           .heartbeat_interval_ns = HEALTH_NS_PER_S};

    *stage = (struct stage){.base = event_base_new()};
    event_base_priority_init(stage->base, 3);
    cr_assert_eq(health_limits_derive(&cadence, &limits), HEALTH_OK);
    options.limits = &limits;
    cr_assert_eq(health_engine_create(&options, &stage->engine), HEALTH_OK);
    cr_assert_eq(health_memory_create(&options, &stage->memory), HEALTH_OK);
    cr_assert(roster_init(&stage->roster, 4, 2));
    cr_assert_eq(health_cluster_add(stage->engine, options.now_ns, 1, &stage->cluster), HEALTH_OK);
    cr_assert_eq(health_node_add(stage->engine, options.now_ns, stage->cluster, &stage->node),
                 HEALTH_OK);
    roster_add_cluster(&stage->roster, stage->cluster, "lab");
    roster_add_node(&stage->roster, stage->cluster, stage->node, "n1");
    scratch_directory(stage->folder, "memory");
    snprintf(stage->path, sizeof stage->path, "%s/memory.json", stage->folder);
    open_file(stage);
}

static void end(struct stage *stage)
{
    memory_file_destroy(stage->file, 5000);
    health_memory_destroy(stage->memory);
    health_engine_destroy(stage->engine);
    roster_clear(&stage->roster);
    event_base_free(stage->base);
    unlink(stage->path);
    rmdir(stage->folder);
}

/* The process ends and another begins, which knows nothing. */
static void restart(struct stage *stage)
{
    memory_file_destroy(stage->file, 5000);
    health_memory_forget_cluster(stage->memory, stage->cluster);
    health_memory_forget_node(stage->memory, stage->node);
    open_file(stage);
    memory_file_recall_cluster(stage->file, stage->cluster);
    memory_file_recall_node(stage->file, stage->node);
}

static void learn(struct stage *stage)
{
    struct health_cluster_memory *cluster = health_memory_cluster(stage->memory, stage->cluster);
    struct health_node_memory *node = health_memory_node(stage->memory, stage->node);

    cluster->served = (struct health_position){history, SEQNO};
    cluster->served_ns = health_clock_ns();
    cluster->crashed_ns = health_clock_ns();
    node->taint = HEALTH_TAINT_INCONSISTENT;
    node->wanted = true;
    node->crash_ns[0] = health_clock_ns() - 5 * HEALTH_NS_PER_S;
}

Test(memory_file, a_restart_remembers_by_name)
{
    struct stage stage;
    int64_t before_ns;

    begin(&stage);
    cr_expect_null(memory_file_problem(stage.file));
    learn(&stage);
    before_ns = health_memory_cluster(stage.memory, stage.cluster)->served_ns;
    restart(&stage);
    const struct health_cluster_memory *cluster =
        health_memory_cluster(stage.memory, stage.cluster);
    const struct health_node_memory *node = health_memory_node(stage.memory, stage.node);
    cr_expect_eq(cluster->served.seqno, SEQNO);
    cr_expect_eq(cluster->served.history.lo, history.lo);
    cr_expect_lt(llabs(cluster->served_ns - before_ns), 50 * HEALTH_NS_PER_MS);
    cr_expect_neq(cluster->crashed_ns, 0);
    cr_expect_eq(node->taint, HEALTH_TAINT_INCONSISTENT);
    cr_expect(node->wanted);
    cr_expect_lt(llabs(health_clock_ns() - node->crash_ns[0] - 5 * HEALTH_NS_PER_S),
                 HEALTH_NS_PER_S);
    cr_expect_eq(node->crash_ns[1], 0, "what never was stays so");
    end(&stage);
}

Test(memory_file, who_is_no_longer_configured_is_remembered_still)
{
    struct stage stage;

    begin(&stage);
    learn(&stage);
    memory_file_retire(stage.file, stage.cluster);
    roster_remove_node(&stage.roster, stage.node, 0);
    health_memory_forget_node(stage.memory, stage.node);
    memory_file_mind(stage.file);
    roster_add_node(&stage.roster, stage.cluster, stage.node, "n1");
    memory_file_recall_node(stage.file, stage.node);
    cr_expect_eq(health_memory_node(stage.memory, stage.node)->taint, HEALTH_TAINT_INCONSISTENT);
    restart(&stage);
    cr_expect_eq(health_memory_node(stage.memory, stage.node)->taint, HEALTH_TAINT_INCONSISTENT);
    end(&stage);
}

/* What is not healthd's stays as it is, whatever is learnt. */
Test(memory_file, a_file_that_is_not_good_is_never_overwritten)
{
    static const char *const texts[] = {"", "{}", "{\"healthd_memory\":1,\"clusters\":{}}\n",
                                        "somebody's diary\n"};
    struct stage stage;

    begin(&stage);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        memory_file_destroy(stage.file, 5000);
        FILE *file = fopen(stage.path, "w");
        fputs(texts[i], file);
        fclose(file);
        open_file(&stage);
        cr_expect_not_null(memory_file_problem(stage.file));
        cr_expect_not_null(strstr(memory_file_problem(stage.file), stage.path));
        learn(&stage);
        memory_file_mind(stage.file);
        cr_expect_eq(memory_file_intend(stage.file, stage.cluster,
                                        &(struct intent){.id = "1-1", .node = "n1"}),
                     0);
        memory_file_destroy(stage.file, 5000);
        int error;
        char *text = durable_file_read(stage.path, &error);
        cr_expect_str_eq(text, texts[i]);
        free(text);
        open_file(&stage);
    }
    end(&stage);
}

static void count(void *context)
{
    ++*(unsigned *)context;
}

/* The number is written only when it is on the disk, and that is told. */
Test(memory_file, an_intent_is_known_to_be_written)
{
    struct stage stage;
    unsigned told = 0;
    const struct intent intent = {.id = "1-1", .node = "n1", .attempt = 1};

    begin(&stage);
    memory_file_destroy(stage.file, 5000);
    const struct memory_file_options options = {.base = stage.base,
                                                .path = stage.path,
                                                .roster = &stage.roster,
                                                .memory = stage.memory,
                                                .written = count,
                                                .context = &told};
    stage.file = memory_file_create(&options);
    uint64_t number = memory_file_intend(stage.file, stage.cluster, &intent);
    cr_assert_neq(number, 0);
    for (int i = 0; i < 500 && !told; i++) {
        event_base_loop(stage.base, EVLOOP_NONBLOCK);
        usleep(10000);
    }
    cr_expect(memory_file_is_written(stage.file, number));
    cr_expect_not(memory_file_is_written(stage.file, number + 1));
    restart(&stage);
    const struct intent *found = memory_file_intent(stage.file, stage.cluster);
    cr_assert_not_null(found);
    cr_expect_str_eq(found->id, "1-1");
    cr_expect_eq(found->outcome, INTENT_PENDING);
    end(&stage);
}

/* Nothing is written while its folder is away, and that is said; later it is. */
Test(memory_file, a_disk_that_fails_is_told_of)
{
    struct stage stage;
    const struct intent intent = {.id = "1-1", .node = "n1", .attempt = 1};

    begin(&stage);
    rmdir(stage.folder);
    uint64_t number = memory_file_intend(stage.file, stage.cluster, &intent);
    for (int i = 0; i < 500 && !memory_file_problem(stage.file); i++) {
        usleep(10000);
        memory_file_mind(stage.file);
    }
    cr_expect_not_null(memory_file_problem(stage.file));
    cr_expect_not(memory_file_is_written(stage.file, number));
    cr_assert_eq(mkdir(stage.folder, 0700), 0);
    for (int i = 0; i < 500 && memory_file_problem(stage.file); i++) {
        usleep(10000);
        memory_file_mind(stage.file);
    }
    cr_expect_null(memory_file_problem(stage.file));
    cr_expect(memory_file_is_written(stage.file, number));
    end(&stage);
}
