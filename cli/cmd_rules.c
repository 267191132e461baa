/*
 * cmd_rules.c - healthctl rules: the policy, as the engine applies it.
 */
#include "command.h"

#include <getopt.h>
#include <healthd/diagnosis.h>
#include <healthd/rules.h>
#include <stdio.h>

static void print_condition(const struct health_table *table, const struct health_rule *rule)
{
    bool any = false;
    for (unsigned fact = 0; fact < table->fact_count; fact++) {
        bool first = true;
        if (!rule->bars[fact])
            continue;
        printf("%s%s=", any ? " " : "", table->facts[fact].name);
        for (unsigned value = 0; value < table->facts[fact].count; value++)
            if (health_rule_allows(rule, fact, value)) {
                printf("%s%s", first ? "" : "|", table->facts[fact].values[value]);
                first = false;
            }
        any = true;
    }
    puts(any ? "" : "(whatever is left)");
}

static void print_table(const struct health_table *table)
{
    printf("%s: %s\n", table->name, table->question);
    for (unsigned i = 0; i < table->rule_count; i++) {
        const struct health_rule *rule = &table->rules[i];
        printf("  %3u  %-11s  %-17s  ", rule->id, table->answers->values[rule->answer],
               rule->reason ? health_reason_name((enum health_reason)rule->reason) : "");
        print_condition(table, rule);
    }
    putchar('\n');
}

static void print_limits(void)
{
    static const struct health_cadence cadence = {1000 * HEALTH_NS_PER_MS, 500 * HEALTH_NS_PER_MS,
                                                  500 * HEALTH_NS_PER_MS};
    struct health_limits limits;
    size_t count;
    const struct health_limit_row *rows = health_limit_rows(&count);

    health_limits_derive(&cadence, &limits);
    puts("limits: what ages are compared with (ms, at the default cadence)");
    for (size_t i = 0; i < count; i++) {
        int64_t value = *(const int64_t *)(const void *)((const char *)&limits + rows[i].offset);
        printf("  %-19s %6lld  %-34s  %s\n", rows[i].name, (long long)(value / HEALTH_NS_PER_MS),
               rows[i].formula, rows[i].meaning);
    }
    putchar('\n');
}

static void print_faults(void)
{
    puts("faults: what is wrong beyond a colour, and what is safe to do");
    for (unsigned i = 0; i < HEALTH_FAULT_COUNT; i++)
        printf("  %-20s %-8s %s.\n  %20s %8s %s\n", health_faults[i].name,
               health_severity_name(health_faults[i].severity), health_faults[i].meaning, "", "",
               health_faults[i].advice);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const struct health_ruleset *rules = &health_rules_galera;

    int option = getopt_long(argc, argv, "h", options, NULL);
    if (option == 'h')
        return command_help(&command_rules);
    if (option != -1)
        return command_option_misused(&command_rules, argv);
    if (optind < argc)
        return command_misused(&command_rules, "no arguments are expected");
    print_table(rules->exit);
    print_table(rules->running);
    print_table(rules->member);
    print_table(rules->clean);
    print_table(rules->state);
    print_table(rules->routable);
    print_table(rules->colour);
    print_limits();
    print_faults();
    return EXIT_DONE;
}

const struct command command_rules = {
    .name = "rules",
    .arguments = "",
    .about = "Print the rules: tables, limits, faults",
    .help = "In each table the first row whose conditions all hold gives the answer.\n"
            "Numbers are stable: reports and bugs can say \"running 110\".\n",
    .run = run,
};
