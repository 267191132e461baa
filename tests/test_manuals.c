/*
 * test_manuals.c - every word of the interface is in a manual, as the code says it.
 */
#include <healthd/engine.h>
#include <healthd/diagnosis.h>
#include <healthd/rules.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define MANUALS TRACES_DIR "/../../docs/man/"

static char manual[1 << 16];

static void read_manual(const char *path)
{
    FILE *file = fopen(path, "r");

    cr_assert_not_null(file, "%s cannot be read", path);
    manual[fread(manual, 1, sizeof manual - 1, file)] = '\0';
    fclose(file);
}

static void expect_item(const char *name, const char *text)
{
    char item[256];

    snprintf(item, sizeof item, "\n.It Cm %s\n%s", name, text);
    cr_expect_not_null(strstr(manual, item), "\"%s\" is not described, or not as \"%s\"", name,
                       text);
}

Test(manuals, reasons_have_each_its_sentence)
{
    read_manual(MANUALS "healthd-reasons.7");
    for (int i = 0; i < HEALTH_REASON_COUNT; i++)
        expect_item(health_reason_name((enum health_reason)i),
                    health_reason_text((enum health_reason)i));
}

Test(manuals, states_and_colours_are_described)
{
    const char *colours;

    read_manual(MANUALS "healthd-reasons.7");
    for (int i = 0; i < HEALTH_STATE_COUNT; i++)
        expect_item(health_state_name((enum health_state)i), "");
    colours = strstr(manual, ".Ss Colours");
    cr_assert_not_null(colours);
    memmove(manual, colours, strlen(colours) + 1);
    for (int i = 0; i < HEALTH_COLOUR_COUNT; i++)
        expect_item(health_colour_name((enum health_colour)i), "");
}

/* Is it said what to do, before the next `end`? */
static void expect_advice(const char *begin, const char *end)
{
    const char *advice = strstr(begin, "\nTo do: ");
    const char *next = strstr(begin + 1, end);

    cr_expect(advice && next && advice < next, "it is not said what to do: %.40s", begin);
}

Test(manuals, states_and_groups_of_reasons_have_each_their_advice)
{
    read_manual(MANUALS "healthd-reasons.7");
    const char *reasons = strstr(manual, ".Ss Reasons: ");
    for (const char *item = manual; (item = strstr(item, "\n.It Cm ")) && item < reasons; item++) {
        const char *next = strstr(item + 1, "\n.It Cm ");
        const char *end = strstr(item + 1, "\n.El");
        expect_advice(item, next < end ? "\n.It Cm " : "\n.El");
    }
    for (const char *group = manual; (group = strstr(group, "\n.Ss Reasons: ")); group++)
        expect_advice(group, "\n.Ss ");
}

/* The manual begins each sentence on a line of its own, and the first word with a capital. */
static void append(char *words, size_t size, const char *text)
{
    size_t length = strlen(words);

    for (; *text && length + 2 < size; text++)
        words[length++] = *text == '\n' ? ' ' : *text;
    words[length] = '\0';
}

Test(manuals, faults_have_each_its_advice)
{
    static char words[1 << 16];

    read_manual(MANUALS "healthd-reasons.7");
    append(words, sizeof words, manual);
    for (int i = 0; i < HEALTH_FAULT_COUNT; i++) {
        const struct health_fault_row *fault = &health_faults[i];
        expect_item(fault->name, "");
        cr_expect_not_null(strstr(words, fault->meaning + 1), "it is not said: %s", fault->meaning);
        cr_expect_not_null(strstr(words, fault->advice), "it is not said: %s", fault->advice);
    }
}

Test(manuals, statements_have_each_its_sentence)
{
    read_manual(MANUALS "healthd-reasons.7");
    for (int i = 0; i < HEALTH_STATEMENT_COUNT; i++)
        expect_item(health_statement_name((enum health_statement_id)i),
                    health_statement_text((enum health_statement_id)i));
}

Test(manuals, limits_are_named)
{
    char name[64];
    size_t count;
    const struct health_limit_row *rows = health_limit_rows(&count);

    read_manual(MANUALS "healthd.yaml.5");
    cr_expect_gt(count, 10);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s_ms", rows[i].name);
        cr_expect_not_null(strstr(manual, name), "%s is not named", name);
    }
}

Test(manuals, exported_symbols_are_described)
{
    char symbol[64], function[80], variable[80];
    unsigned count = 0;
    FILE *symbols = fopen(TRACES_DIR "/../install/symbols", "r");

    cr_assert_not_null(symbols);
    read_manual(MANUALS "libhealthd.3");
    while (fscanf(symbols, "%63s", symbol) == 1) {
        snprintf(function, sizeof function, "\n.Fn %s \"", symbol);
        snprintf(variable, sizeof variable, "%s ", symbol);
        cr_expect(strstr(manual, function) || strstr(strstr(manual, ".Va "), variable),
                  "%s is not described", symbol);
        count++;
    }
    fclose(symbols);
    cr_expect_gt(count, 40);
}
