/*
 * test_recovered_position.c - what mysqld --wsrep-recover says, in all its spellings, and what is none of them.
 */
#include <healthd/recovered_position.h>

#include "trace_private.h"

#include <criterion/criterion.h>
#include <string.h>

#define U "1d4ba328-e92b-11f1-9898-5a796cac1059"
#define ZERO "00000000-0000-0000-0000-000000000000"
#define LINE "2026-11-25 23:52:15 0 [Note] WSREP: Recovered position: "
#define OLD "2026-11-25T23:52:15.123456Z 0 [Note] WSREP: Recovered position: "
#define BRACKETS "2026-11-25T23:52:15.123456Z 0 [Note] [MY-000000] [WSREP] Recovered position: "

Test(recovered_position, every_spelling_is_understood)
{
    static const struct {
        const char *text;
        const char *uuid;
        int64_t seqno;
    } cases[] = {
        {LINE U ":209\n", U, 209},
        {LINE U ":209 \r\n", U, 209},
        {OLD U ":0\n", U, 0},
        {BRACKETS U ":17\n", U, 17},
        {"[Note] WSREP: Recovered position " U ":5\n", U, 5},
        {LINE U ":1234,0-1-999\n", U, 1234},
        {LINE U ":0-1-999,1234\n", U, 1234},
        {LINE U ":-1\n", U, -1},
        {LINE U ":-1,0-1-999\n", U, -1},
        {LINE ZERO ":-1\n", ZERO, -1},
        {LINE U ":9223372036854775807\n", U, INT64_MAX},
        {"[Note] InnoDB: End of log\n" LINE U ":7\n[Note] Shutdown complete\n", U, 7},
        {LINE U ":7\n" LINE U ":8\n", U, 8}, /* the last counts */
        {"a client said: Recovered position: " U ":99\n" LINE U ":8\n", U, 8},
        {LINE U ":8\na client said: Recovered position: " U ":99\n", U, 8},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct health_uuid uuid = {0}, expected;
        int64_t seqno = -7;
        const char *wrong = recovered_position_parse(cases[i].text, &uuid, &seqno);
        cr_assert_null(wrong, "%s: %s", cases[i].text, wrong);
        uuid_parse(cases[i].uuid, &expected);
        cr_expect(uuid.hi == expected.hi && uuid.lo == expected.lo, "%s", cases[i].text);
        cr_expect_eq(seqno, cases[i].seqno, "%s", cases[i].text);
    }
}

Test(recovered_position, nothing_else_is)
{
    static const char *const cases[] = {
        "",
        "\n",
        "[ERROR] Aborting\n",
        "Recovered position: " U ":209\n", /* not wsrep's */
        LINE "\n",
        LINE "\n" U ":209\n",
        LINE U "\n",
        LINE U ":\n",
        LINE U " 209\n",
        LINE U ":209 210\n",
        LINE U ":2o9\n",
        LINE U ":209x\n",
        LINE U ":+209\n",
        LINE U ":- 1\n",
        LINE U ":-2\n",
        LINE U ":--1\n",
        LINE U ":9223372036854775808\n",
        LINE U ":18446744073709551615\n",
        LINE U ":0x10\n",
        LINE U ":0-1-999\n", /* a GTID alone: 999 is no seqno of the cluster */
        LINE U ":1234,999\n",
        LINE U ":0-1-999,0-1-999\n",
        LINE U ":1234,0-1\n",
        LINE U ":1234,0-1-9-9\n",
        LINE U ":1234,\n",
        LINE U ":,1234\n",
        LINE U ":1234,0-1-999,5\n",
        LINE "1d4ba328-e92b-11f1-9898-5a796cac105:209\n",
        LINE "1d4ba328e92b11f198985a796cac1059:209\n",
        LINE "gd4ba328-e92b-11f1-9898-5a796cac1059:209\n",
        LINE U ":7\n" LINE U ":\n", /* the last counts, also where it is torn */
        LINE U ":7\n" LINE U,
        LINE U ":209", /* half of a number is a number too */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct health_uuid uuid = {1, 2};
        int64_t seqno = -7;
        cr_expect_not_null(recovered_position_parse(cases[i], &uuid, &seqno), "%s", cases[i]);
        cr_expect(uuid.hi == 1 && seqno == -7, "%s changed what it was given", cases[i]);
    }
}

Test(recovered_position, a_torn_log_gives_nothing)
{
    static const char whole[] = "noise\n" LINE U ":1234,0-1-999\n";

    for (size_t length = 0; length < sizeof whole; length++) {
        char text[sizeof whole];
        struct health_uuid uuid;
        int64_t seqno;
        memcpy(text, whole, length);
        text[length] = '\0';
        bool taken = recovered_position_parse(text, &uuid, &seqno) == NULL;
        cr_expect_eq(taken, length == sizeof whole - 1, "%s", text);
    }
}
