/*
 * test_evidence.c - what the process watch reads: texts of /proc and of the data directory.
 */
#include "datadir.h"
#include "process_find.h"
#include "process_stat.h"

#include <criterion/criterion.h>
#include <string.h>

/* Of a mariadbd, with fields from 3 on to be put in. */
#define STAT(name, state, flags, memory, code, status) \
    "4711 (" name ") " state " 1 4711 4711 0 -1 " flags \
    " 1 2 3 4 5 6 7 8 20 0 30 0 1234567 " memory " 5000 18446744073709551615 " code \
    " 2 3 0 0 0 4096 4096 1 0 0 0 17 1 0 0 0 0 0 4 5 6 7 8 9 10 " status "\n"

static struct process_stat parse(const char *text)
{
    struct process_stat stat;
    cr_assert(process_stat_parse(text, strlen(text), &stat), "%s", text);
    return stat;
}

Test(evidence, stat_lines)
{
    struct process_stat stat =
        parse(STAT("mariadbd", "S", "4194304", "123456", "94376757878784", "0"));
    cr_assert_str_eq(stat.name, "mariadbd");
    cr_assert_eq(stat.state, 'S');
    cr_assert_not(stat.exiting);
    cr_assert_not(stat.dying);
    cr_assert(stat.traceable);
    cr_assert_not(stat.memory_gone);
    cr_assert_not(parse(STAT("mysqld", "S", "4194304", "123456", "1", "0")).traceable);
    stat = parse(STAT("mysqld", "R", "4228356", "0", "0", "768")); /* 0x408504 */
    cr_assert(stat.exiting);
    cr_assert(stat.dying);
    cr_assert(stat.memory_gone);
    cr_assert_eq(stat.exit_status, 768);
    stat = parse(STAT("mysqld", "R", "4195840", "123456", "1", "11")); /* 0x400600: dumps core */
    cr_assert_not(stat.exiting);
    cr_assert(stat.dying);
    cr_assert_str_eq(parse(STAT("a) S 1 (b", "Z", "4", "0", "0", "0")).name, "a) S 1 (b");
}

Test(evidence, torn_stat_lines_are_refused)
{
    const char *whole = STAT("mysqld", "S", "4194304", "123456", "94376757878784", "0");
    struct process_stat stat;
    for (size_t length = 0; length < strlen(whole); length++) {
        char copy[512];
        memcpy(copy, whole, length);
        copy[length] = '\0';
        cr_assert_not(process_stat_parse(copy, length, &stat), "%s", copy);
    }
    cr_assert_not(process_stat_parse("nonsense\n", 9, &stat));
}

Test(evidence, wait_statuses)
{
    static const struct {
        int32_t status;
        uint8_t kind;
        int32_t value;
    } cases[] = {
        {0, HEALTH_EXIT_CODE, 0},           {768, HEALTH_EXIT_CODE, 3},
        {255 << 8, HEALTH_EXIT_CODE, 255},  {9, HEALTH_EXIT_SIGNAL, 9},
        {11, HEALTH_EXIT_SIGNAL, 11},       {0x80 | 6, HEALTH_EXIT_SIGNAL, 6},
        {0x137f, HEALTH_EXIT_NOT_KNOWN, 0}, /* stopped */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t kind;
        int32_t value;
        process_exit_decode(cases[i].status, &kind, &value);
        cr_assert_eq(kind, cases[i].kind, "%d", cases[i].status);
        cr_assert_eq(value, cases[i].value, "%d", cases[i].status);
    }
}

#define ARGUMENTS(text) process_arguments_parse(text, sizeof(text) - 1, &arguments)

Test(evidence, arguments_of_mysqld)
{
    static struct process_arguments arguments;

    ARGUMENTS("/usr/sbin/mariadbd\0--user=mysql\0--datadir=/var/lib/mysql\0--wsrep-on=ON\0");
    cr_assert_str_eq(arguments.datadir, "/var/lib/mysql");
    cr_assert_not(arguments.no_service);
    ARGUMENTS("mysqld\0--datadir\0/data\0--wsrep_recover\0");
    cr_assert_str_eq(arguments.datadir, "/data");
    cr_assert(arguments.no_service);
    ARGUMENTS("mysqld\0-h/data\0");
    cr_assert_str_eq(arguments.datadir, "/data");
    ARGUMENTS("mysqld\0-h\0/data\0--wsrep-recover=0\0");
    cr_assert_str_eq(arguments.datadir, "/data");
    cr_assert_not(arguments.no_service);
    ARGUMENTS("mysqld\0--initialize-insecure\0");
    cr_assert(arguments.no_service);
    ARGUMENTS("mysqld\0--bootstrap\0");
    cr_assert(arguments.no_service);
    ARGUMENTS("mysqld\0--datadirectory=/a\0--wsrep-recover-not\0--datadir");
    cr_assert_str_empty(arguments.datadir);
    cr_assert_not(arguments.no_service);
    ARGUMENTS("mysqld\0--datadir=/cut/o");
    cr_assert_str_empty(arguments.datadir);
    ARGUMENTS("");
    cr_assert_str_empty(arguments.datadir);
}

#define HEAD "# GALERA saved state\nversion: 2.1\n"
#define UUID "573eebdb-e711-11f1-9041-7299d955b7a3"

Test(evidence, grastate_texts)
{
    static const struct {
        const char *text;
        bool known;
        int64_t seqno;
        uint8_t safe;
    } cases[] = {
        {HEAD "uuid:    " UUID "\nseqno:   7\nsafe_to_bootstrap: 0\n", true, 7, HEALTH_ANSWER_NO},
        {HEAD "uuid:    " UUID "\nseqno:   -1\nsafe_to_bootstrap: 1\n\n\n", true, -1,
         HEALTH_ANSWER_YES},
        {HEAD "uuid: " UUID "\r\nseqno: 12\r\n", true, 12, HEALTH_ANSWER_NOT_KNOWN},
        {HEAD "uuid: 00000000-0000-0000-0000-000000000000\nseqno: -1\nsafe_to_bootstrap: 1\n", true,
         -1, HEALTH_ANSWER_YES},
        {"seqno: 9223372036854775807\nuuid: " UUID "\n", true, INT64_MAX, HEALTH_ANSWER_NOT_KNOWN},
        {"", false, 0, 0},
        {"\n", false, 0, 0},
        {HEAD "uuid: " UUID "\n", false, 0, 0},
        {HEAD "uuid: " UUID "\nseqno: 12", false, 0, 0}, /* torn: of 1234? */
        {HEAD "uuid: " UUID "\nseqno:\n", false, 0, 0},
        {HEAD "uuid: " UUID "\nseqno: x\n", false, 0, 0},
        {HEAD "uuid: " UUID "\nseqno: 7x\n", false, 0, 0},
        {HEAD "uuid: " UUID "\nseqno: 9223372036854775808\n", false, 0, 0},
        {HEAD "uuid: " UUID "\nseqno: 7\nseqno: 8\n", false, 0, 0},
        {HEAD "uuid: 573eebdb\nseqno: 7\n", false, 0, 0},
        {HEAD "seqno: 7\n", false, 0, 0},
        {"#uuid: " UUID "\n#seqno: 7\n", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct health_grastate grastate;
        grastate_parse(cases[i].text, strlen(cases[i].text), &grastate);
        cr_assert_eq(grastate.known, cases[i].known, "%s", cases[i].text);
        cr_assert_eq(grastate.seqno, cases[i].seqno, "%s", cases[i].text);
        cr_assert_eq(grastate.safe_to_bootstrap, cases[i].safe, "%s", cases[i].text);
    }
    struct health_grastate grastate;
    grastate_parse(cases[0].text, strlen(cases[0].text), &grastate);
    cr_assert_eq(grastate.uuid.hi, UINT64_C(0x573eebdbe71111f1));
    cr_assert_eq(grastate.uuid.lo, UINT64_C(0x90417299d955b7a3));
    grastate_parse("uuid: " UUID "\n\0seqno: 7\n", sizeof "uuid: " UUID "\n\0seqno: 7\n" - 1,
                   &grastate);
    cr_assert_not(grastate.known);
}

/* A cut anywhere loses what was cut, and never makes another number of it. */
Test(evidence, torn_grastate_is_not_known_or_right)
{
    const char *text = HEAD "uuid:    " UUID "\nseqno:   12345\nsafe_to_bootstrap: 1\n";
    for (size_t length = 0; length <= strlen(text); length++) {
        char copy[256];
        struct health_grastate grastate;
        memcpy(copy, text, length);
        copy[length] = '\0';
        grastate_parse(copy, length, &grastate);
        if (grastate.known)
            cr_assert_eq(grastate.seqno, 12345, "cut at %zu", length);
    }
}
