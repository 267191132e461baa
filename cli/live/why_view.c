/*
 * why_view.c - see why_view.h.
 */
#include "why_view.h"

#include "paint.h"
#include "picture.h"

#include <healthd/types.h>

#include <stdio.h>
#include <string.h>

static void print_answers(const cJSON *node)
{
    static const struct {
        const char *name;
        const char *text;
    } questions[] = {{"running", "is mysqld running?"},
                     {"member", "is it a member?"},
                     {"clean", "did it exit gracefully?"}};
    const cJSON *answer;
    bool gone = false;

    for (answer = picture_first(picture_get(node, "answers")); answer; answer = answer->next) {
        const char *name = picture_text(answer, "question");
        const char *text = name;
        double rule = 0;

        if (strcmp(name, gone ? "member" : "clean") == 0)
            continue; /* the question does not arise */
        for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
            if (strcmp(name, questions[i].name) == 0)
                text = questions[i].text;
        if (strcmp(name, "running") == 0)
            gone = picture_no(answer, "answer");
        picture_number(answer, "rule", &rule);
        printf("  %-24s %-10s rule %s %.0f: %s (%s)\n", text, picture_answer(answer, "answer"),
               name, rule, picture_text(answer, "reason"), picture_text(answer, "text"));
    }
}

/* The age against the age at which it is believed no more. */
static void print_witness(const cJSON *node, const char *key, const char *name)
{
    const cJSON *witness = picture_get(node, key);
    double age_ms, limit_ms;

    if (!picture_number(witness, "age_ms", &age_ms)) {
        printf("  %-12s nothing\n", name);
        return;
    }
    bool silent = picture_is_silent(witness);
    printf("  %-12s %-14s %.3f s ago", name, silent ? "silent" : picture_text(witness, "says"),
           age_ms / 1e3);
    if (picture_number(witness, "limit_ms", &limit_ms))
        printf(silent ? ", was believed for %.3f s" : ", believed for %.3f s", limit_ms / 1e3);
    putchar('\n');
}

/* "key value" of what a witness said beside, where it did. */
static void print_details(const cJSON *node, const char *key, const char *const *details)
{
    const cJSON *witness = picture_get(node, key);
    bool any = false;
    double number;

    for (; *details; details++) {
        const cJSON *value = picture_get(witness, *details);
        if (!value || cJSON_IsNull(value))
            continue;
        printf("%s%s ", any ? ", " : "               ", *details);
        if (picture_number(witness, *details, &number))
            printf("%.0f", number);
        else
            fputs(cJSON_IsBool(value) ? picture_answer(witness, *details)
                                      : picture_text(witness, *details),
                  stdout);
        any = true;
    }
    if (any)
        putchar('\n');
}

static void print_members(const cJSON *node)
{
    const cJSON *members = picture_get(node, "members");
    const cJSON *member;

    if (!cJSON_IsArray(members))
        return;
    fputs("               members", stdout);
    for (member = picture_first(members); member; member = member->next)
        printf(" %s", cJSON_IsString(member) ? member->valuestring : "?");
    putchar('\n');
}

static void print_witnesses(const cJSON *node)
{
    static const char *const probe[] = {"rtt_us", "error", "code", NULL};
    static const char *const agent[] = {"mysqld", "exit_code", "exit_signal", "grastate_seqno",
                                        NULL};
    static const char *const view[] = {"conf_id", "size",   "component", "local_state",
                                       "ready",   "queue",  "read_only", "desync",
                                       "rejects", "server", NULL};
    bool from_agent = strcmp(picture_text(picture_get(node, "view"), "from"), "agent") == 0;

    print_witness(node, "probe", "probe");
    print_details(node, "probe", probe);
    print_witness(node, "link", "idle link");
    print_witness(node, "agent", "agent");
    print_details(node, "agent", agent);
    print_witness(node, "view", from_agent ? "view (agent)" : "view (probe)");
    print_details(node, "view", view);
    print_members(node);
    printf("  %-12s %s\n", "peers", picture_text(picture_get(node, "peers"), "says"));
}

static void print_facts(const cJSON *node)
{
    const cJSON *fact;
    bool any = false;

    for (fact = picture_first(picture_get(node, "facts")); fact; fact = fact->next) {
        printf("%s%s=%s", any ? ", " : "  ", fact->string ? fact->string : "?",
               cJSON_IsString(fact) ? fact->valuestring : "?");
        any = true;
    }
    putchar('\n');
}

/* Group the changes by the state that would follow. */
static void print_changes(const cJSON *node)
{
    const cJSON *changes = picture_get(node, "changes");
    const cJSON *change;

    for (unsigned i = 0; i < HEALTH_STATE_COUNT; i++) {
        const char *state = health_state_name((enum health_state)i);
        bool any = false;
        for (change = picture_first(changes); change; change = change->next) {
            if (strcmp(picture_text(change, "state"), state) != 0)
                continue;
            if (!any)
                printf("  %-11s if ", state);
            printf("%s%s were %s", any ? ", or " : "", picture_text(change, "fact"),
                   picture_text(change, "value"));
            any = true;
        }
        if (any)
            putchar('\n');
    }
    if (!cJSON_GetArraySize(changes))
        puts("  no single fact");
}

static void print_verdict(const cJSON *node, const struct why_times *times)
{
    bool paint = paint_wanted(stdout);
    const char *state = picture_text(node, "state");
    const cJSON *maintenance = picture_get(node, "maintenance");
    double transitions = 0, unclean = 0, incarnation = 0, pid;

    picture_number(node, "transitions", &transitions);
    picture_number(node, "unclean_exits", &unclean);
    picture_number(node, "incarnation", &incarnation);
    printf("%s is %s%s%s %s: %s (%s)\n", times->name, paint_state(paint, state), state,
           paint_end(paint), times->since, picture_text(node, "text"),
           picture_text(node, "reason"));
    printf("routable: %s (%s)\n", picture_answer(node, "routable"),
           picture_donates(node)
               ? "it donates: load balancers send clients to others while there are any"
               : picture_unroutable(node));
    if (cJSON_IsObject(maintenance))
        printf("maintenance since %s until %s: %s\n", picture_text(maintenance, "since"),
               picture_text(maintenance, "until"), picture_text(maintenance, "reason"));
    printf("%.0f change%s of state, %.0f unclean exit%s, life %.0f of mysqld", transitions,
           picture_plural(transitions), unclean, picture_plural(unclean), incarnation);
    if (picture_number(node, "pid", &pid))
        printf(", pid %.0f", pid);
    putchar('\n');
}

void why_print(const cJSON *node, const struct why_times *times)
{
    print_verdict(node, times);
    puts("\nanswers");
    print_answers(node);
    puts("\nwitnesses");
    print_witnesses(node);
    puts("\nfacts");
    print_facts(node);
    puts("\nwhat would change it");
    print_changes(node);
    printf("  silence     if nothing more is heard, %s\n", times->next);
}
