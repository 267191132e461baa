/*
 * diagnosis_view.c - see diagnosis_view.h.
 */
#include "diagnosis_view.h"

#include "paint.h"
#include "picture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const cJSON *item)
{
    const char *text = cJSON_GetStringValue(item);
    return text ? text : "-";
}

static void print_list(const cJSON *list)
{
    const cJSON *item;

    for (item = picture_first(list); item; item = item->next)
        printf("%s%s", item == list->child ? "" : ", ", text_of(item));
}

/* "  (0.3 s ago)", where an age is known. */
static void print_age(const cJSON *statement)
{
    double age_ms;

    if (picture_number(statement, "age_ms", &age_ms))
        printf(" (%.1f s ago)", age_ms / 1e3);
    putchar('\n');
}

/* ---- Faults ---- */

static void print_fault(const cJSON *fault)
{
    const cJSON *nodes = picture_get(fault, "nodes");
    const cJSON *evidence;
    char span[PICTURE_SPAN_MAX] = "-";
    double for_ms;

    if (picture_number(fault, "for_ms", &for_ms))
        picture_span((int64_t)for_ms, span);
    printf("\n%s: %s for %s", picture_text(fault, "severity"), picture_text(fault, "code"), span);
    if (picture_first(nodes))
        fputs(", of ", stdout);
    print_list(nodes);
    if (cJSON_IsString(picture_get(fault, "explained_by")))
        printf("; explained by %s", picture_text(fault, "explained_by"));
    printf("\n  %s.\n  %s\n", picture_text(fault, "meaning"), picture_text(fault, "advice"));
    for (evidence = picture_first(picture_get(fault, "evidence")); evidence;
         evidence = evidence->next) {
        printf("    %s%s", picture_no(evidence, "known") ? "not known: " : "",
               picture_text(evidence, "text"));
        print_age(evidence);
    }
}

/* ---- The action ---- */

static void print_position(const cJSON *action)
{
    const cJSON *position = picture_get(action, "position");
    double seqno;

    if (picture_number(position, "seqno", &seqno))
        printf("  it holds %s:%.0f\n", picture_text(position, "history"), seqno);
    if (cJSON_IsString(picture_get(action, "case")))
        printf("  it is safe case %s\n", picture_text(action, "case"));
    if (picture_first(picture_get(action, "recover"))) {
        fputs("  positions have to be recovered first, on ", stdout);
        print_list(picture_get(action, "recover"));
        putchar('\n');
    }
}

static void print_preconditions(const cJSON *action)
{
    const cJSON *precondition;

    for (precondition = picture_first(picture_get(action, "preconditions")); precondition;
         precondition = precondition->next) {
        const cJSON *met = picture_get(precondition, "met");
        printf("  %-9s  %s",
               cJSON_IsTrue(met)    ? "met"
               : cJSON_IsFalse(met) ? "not met"
                                    : "not known",
               picture_text(precondition, "text"));
        print_age(precondition);
    }
}

static void print_changes(const cJSON *action)
{
    const cJSON *change = picture_first(picture_get(action, "would_change"));

    if (change)
        puts("\nit is allowed once all of this holds");
    for (; change; change = change->next)
        printf("  %s\n", text_of(change));
}

static void print_action(const cJSON *document)
{
    const cJSON *action = picture_get(document, "action");
    const cJSON *node = picture_get(action, "node");

    if (!cJSON_IsObject(action)) {
        if (picture_first(picture_get(document, "faults")))
            puts("\nnext action: none that healthd could take");
        return;
    }
    printf("\nnext action: %s%s%s, for %s: %s\n", picture_text(action, "action"),
           cJSON_IsString(node) ? " " : "", cJSON_IsString(node) ? text_of(node) : "",
           picture_text(action, "fault"),
           cJSON_IsTrue(picture_get(action, "allowed")) ? "allowed" : "not allowed");
    print_position(action);
    print_preconditions(action);
    print_changes(action);
}

/* ---- What is remembered ---- */

/* A line below the heading, which is there only if there is a line. */
__attribute__((format(printf, 2, 3))) static void remember(bool *headed, const char *format, ...)
{
    va_list arguments;

    if (!*headed)
        puts("\nremembered");
    *headed = true;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
}

static void print_served(const cJSON *served, bool *headed)
{
    double seqno;

    if (!picture_number(served, "seqno", &seqno))
        return;
    remember(headed, "  the highest position served is %s:%.0f", picture_text(served, "history"),
             seqno);
    print_age(served);
}

static void print_node_memory(const cJSON *node, bool *headed)
{
    const char *name = picture_text(node, "node");
    const char *taint = picture_text(node, "taint");
    const char *recovery = picture_text(node, "recovery");
    double crashes = 0;

    picture_number(node, "crashes", &crashes);
    if (strcmp(taint, "none") != 0)
        remember(headed, "  %s: its data is not to be trusted: %s\n", name, taint);
    if (crashes > 0)
        remember(headed, "  %s: %.0f crash%s remembered\n", name, crashes,
                 crashes == 1 ? " is" : "es are");
    if (strcmp(recovery, "none") != 0 && strcmp(recovery, "-") != 0)
        remember(headed, "  %s: recovery of its position: %s\n", name, recovery);
    if (cJSON_IsTrue(picture_get(node, "wanted")))
        remember(headed, "  %s: is to be admitted again\n", name);
}

static void print_memory(const cJSON *memory)
{
    const cJSON *node;
    bool headed = false;

    print_served(picture_get(memory, "served"), &headed);
    if (cJSON_IsTrue(picture_get(memory, "split")))
        remember(&headed, "  two Primary components, or a founding below the highest position, "
                          "have been seen since it was "
                          "last green\n");
    for (node = picture_first(picture_get(memory, "nodes")); node; node = node->next)
        print_node_memory(node, &headed);
}

void diagnosis_print(const cJSON *document, const char *when)
{
    const cJSON *fault = picture_first(picture_get(document, "faults"));
    const char *colour = picture_text(document, "colour");
    bool paint = paint_wanted(stdout);

    printf("%s is %s%s%s%s%s%s\n", picture_text(document, "cluster"), paint_state(paint, colour),
           colour, paint_end(paint), when ? " at " : "", when ? when : "",
           fault ? "" : ": no fault is known");
    for (; fault; fault = fault->next)
        print_fault(fault);
    print_action(document);
    print_memory(picture_get(document, "memory"));
}
