/*
 * cmd_why.c - healthctl why: why a node was in its state at a moment of a trace.
 */
#include "command.h"
#include "paint.h"
#include "replay.h"

#include <getopt.h>
#include <string.h>

static void print_answers(const struct health_why *why)
{
    static const char *const questions[] = {"is mysqld running?", "is it a member?",
                                            "did it exit gracefully?"};
    bool gone = why->answers[HEALTH_QUESTION_RUNNING] == HEALTH_ANSWER_NO;

    for (unsigned i = 0; i < HEALTH_QUESTION_COUNT; i++) {
        if (i == (gone ? HEALTH_QUESTION_MEMBER : HEALTH_QUESTION_CLEAN))
            continue; /* the question does not arise */
        printf("  %-24s %-10s rule %s %u: %s (%s)\n", questions[i],
               health_answer_name((enum health_answer)why->answers[i]), health_answer_facts[i].name,
               why->rules[i]->id, health_reason_name((enum health_reason)why->rules[i]->reason),
               health_reason_text((enum health_reason)why->rules[i]->reason));
    }
}

static void print_age(const char *witness, const char *said, int64_t age_ns)
{
    if (age_ns < 0)
        printf("  %-12s nothing\n", witness);
    else
        printf("  %-12s %-14s %.3f s ago\n", witness, said, (double)age_ns / 1e9);
}

static const char *value_name(const struct health_why *why, enum health_node_fact fact)
{
    return health_node_facts[fact].values[why->facts[fact]];
}

static void print_witnesses(const struct health_why *why)
{
    print_age("probe", value_name(why, HEALTH_FACT_PROBE), why->probe_age_ns);
    print_age("idle link", value_name(why, HEALTH_FACT_LINK), why->link_age_ns);
    print_age("agent", value_name(why, HEALTH_FACT_AGENT), why->agent_age_ns);
    print_age(why->view_from_agent ? "view (agent)" : "view (probe)",
              value_name(why, HEALTH_FACT_CLAIM), why->view_age_ns);
    if (why->view_conf_id != HEALTH_CONF_NONE)
        printf("  %-12s configuration %llu of %u members\n", "",
               (unsigned long long)why->view_conf_id, why->view_size);
    printf("  %-12s %s\n", "peers", value_name(why, HEALTH_FACT_PEERS));
}

static void print_facts(const struct health_why *why)
{
    for (unsigned i = 0; i < HEALTH_NODE_FACT_COUNT; i++)
        printf("%s%s=%s", i ? ", " : "  ", health_node_facts[i].name,
               value_name(why, (enum health_node_fact)i));
    putchar('\n');
}

/* Group the changes by the state that would follow. */
static void print_changes(const struct health_why *why)
{
    for (unsigned state = 0; state < HEALTH_STATE_COUNT; state++) {
        unsigned shown = 0;
        for (uint32_t i = 0; i < why->change_count; i++) {
            const struct health_change *change = &why->changes[i];
            if (change->state != state)
                continue;
            if (shown++ == 0)
                printf("  %-11s if ", health_state_name((enum health_state)state));
            else
                printf(", or ");
            printf("%s were %s", health_node_facts[change->fact].name,
                   health_node_facts[change->fact].values[change->value]);
        }
        if (shown)
            putchar('\n');
    }
    if (!why->change_count)
        puts("  no single fact");
}

static int explain(struct replay *replay, const char *name, uint32_t node)
{
    struct health_why why;
    bool paint = paint_wanted(stdout);

    health_engine_why(replay->engine, node, &why);
    const char *state = health_state_name(why.node.state);
    printf("%s at %.3f s is %s%s%s since %.3f s: %s (%s)\n", name,
           replay_seconds(replay, replay->now_ns), paint_state(paint, state), state,
           paint_end(paint), replay_seconds(replay, why.node.since_ns),
           health_reason_text(why.node.reason), health_reason_name(why.node.reason));
    printf("routable: %s (%s)\n", health_answer_name(why.node.routable),
           health_reason_text(why.node.routable_reason));
    printf("%u changes of state, %u unclean exits, life %u of mysqld, pid %u\n\nanswers\n",
           why.node.transitions, why.node.unclean_exits, why.node.incarnation, why.node.pid);
    print_answers(&why);
    puts("\nwitnesses");
    print_witnesses(&why);
    puts("\nfacts");
    print_facts(&why);
    puts("\nwhat would change it");
    print_changes(&why);
    printf("  time alone: not before %.3f s\n", replay_seconds(replay, why.next_ns));
    return EXIT_DONE;
}

static int find_node(const struct replay *replay, const char *name)
{
    for (uint32_t i = 0; i < replay->header->node_count; i++)
        if (strcmp(replay->header->nodes[i], name) == 0)
            return (int)i;
    return -1;
}

static int explain_at(const char *path, const char *name, const char *at)
{
    struct replay replay;
    const struct replay_options options = {.strict = false};
    const struct replay_listener silent = {.context = NULL};
    int64_t until_ns = HEALTH_NEVER_NS;
    int result;

    if (!replay_open(&replay, path, &options))
        return EXIT_USAGE;
    int node = find_node(&replay, name);
    if (node < 0) {
        result = command_misused(&command_why, "node \"%s\" is not in the trace", name);
    } else if (at && !replay_time(&replay, at, &until_ns)) {
        result = command_misused(&command_why,
                                 "--at %s: seconds from the start (12.5) or a t_us "
                                 "(1112815232us) is expected",
                                 at);
    } else {
        replay_run(&replay, until_ns, &silent);
        result = explain(&replay, name, (uint32_t)node);
    }
    replay_close(&replay);
    return result;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"at", required_argument, NULL, 'a'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *at = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_why);
        if (option == '?')
            return command_option_misused(&command_why, argv);
        at = optarg;
    }
    if (argc - optind != 2)
        return command_misused(&command_why, "a trace and a node are expected");
    return explain_at(argv[optind], argv[optind + 1], at);
}

const struct command command_why = {
    .name = "why",
    .arguments = "TRACE NODE [--at T]",
    .about = "Explain why a node was in its state at a moment of a trace",
    .help = "  --at T   the moment: seconds from the start, or a t_us such as 1112815232us;\n"
            "           without it, the trace's end\n\n"
            "Shows the three answers with the rules that gave them, the witnesses with the age of\n"
            "their testimony, the facts, and which single facts would change the state.\n",
    .run = run,
};
