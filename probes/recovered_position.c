/*
 * recovered_position.c - what mysqld --wsrep-recover says.
 *
 *   ... [Note] WSREP: Recovered position: UUID:SEQNO            MariaDB, Percona XtraDB Cluster 5.7
 *   ... [Note] WSREP: Recovered position: UUID:SEQNO,D-S-N      MariaDB with its GTID
 *   ... [Note] WSREP: Recovered position: UUID:D-S-N,SEQNO      the same, from older scripts
 *   ... [MY-000000] [WSREP] Recovered position: UUID:SEQNO      Percona XtraDB Cluster 8.0
 *
 * A number that is taken from the wrong place makes the wrong node the winner, so nothing else is understood.
 */
#include <healthd/recovered_position.h>

#include "trace_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UUID_LENGTH 36
#define VALUE_SIZE 128

static const char words[] = "Recovered position";

/* Is what stands before the words the mark of a line of wsrep's? */
static bool is_marked(const char *line, const char *found)
{
    static const char *const marks[] = {"WSREP: ", "[WSREP] "};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t length = strlen(marks[i]);
        if ((size_t)(found - line) >= length && strncmp(found - length, marks[i], length) == 0)
            return true;
    }
    return false;
}

/* What follows the words on the last line that has them; NULL: there is none. */
static const char *last_value(const char *text)
{
    const char *value = NULL;

    for (const char *line = text; line && *line;) {
        const char *end = strchr(line, '\n');
        const char *found = strstr(line, words);
        if (!found)
            break;
        if ((!end || found < end) && is_marked(line, found))
            value = found + sizeof words - 1;
        line = end ? end + 1 : NULL;
    }
    return value;
}

/* The rest of the line without what surrounds it. False: it is empty, too long, several words, or has no end: half
 * of a number is a number too. */
static bool copy_word(const char *from, char word[VALUE_SIZE])
{
    size_t length;

    from += *from == ':';
    while (*from == ' ')
        from++;
    length = strcspn(from, " \t\r\n");
    if (!length || length >= VALUE_SIZE || from[length + strspn(from + length, " \t\r")] != '\n')
        return false;
    memcpy(word, from, length);
    word[length] = '\0';
    return true;
}

/* A whole number that ends where the text does. */
static bool is_seqno(const char *text, int64_t *ret_seqno)
{
    const char *digits = text + (*text == '-');
    char *end;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || !isdigit((unsigned char)*digits) || *end || value < -1)
        return false;
    *ret_seqno = value;
    return true;
}

/* DOMAIN-SERVER-NUMBER, as MariaDB writes its own position. */
static bool is_gtid(const char *text)
{
    for (int part = 0; part < 3; part++) {
        size_t digits = strspn(text, "0123456789");
        if (!digits || text[digits] != (part < 2 ? '-' : '\0'))
            return false;
        text += digits + (part < 2);
    }
    return true;
}

/* SEQNO, alone or with a GTID on either side of the comma. */
static bool read_number(char *text, int64_t *ret_seqno)
{
    char *comma = strchr(text, ',');

    if (!comma)
        return is_seqno(text, ret_seqno);
    *comma = '\0';
    return (is_seqno(text, ret_seqno) && is_gtid(comma + 1)) ||
           (is_gtid(text) && is_seqno(comma + 1, ret_seqno));
}

const char *recovered_position_parse(const char *text, struct health_uuid *ret_uuid,
                                     int64_t *ret_seqno)
{
    const char *value = last_value(text);
    char word[VALUE_SIZE];
    struct health_uuid uuid;
    int64_t seqno;

    if (!value)
        return "no line tells a recovered position";
    if (!copy_word(value, word))
        return "one word and the line's end are expected after \"Recovered position\"";
    if (strlen(word) <= UUID_LENGTH || word[UUID_LENGTH] != ':')
        return "UUID:SEQNO is expected of the recovered position";
    word[UUID_LENGTH] = '\0';
    if (!uuid_parse(word, &uuid) || !read_number(word + UUID_LENGTH + 1, &seqno))
        return "UUID:SEQNO is expected of the recovered position, with a GTID at most";
    *ret_uuid = uuid;
    *ret_seqno = seqno;
    return NULL;
}
