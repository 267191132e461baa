/*
 * fake_wire.h - packets of MySQL's protocol, as a fake server sends them.
 */
#ifndef HEALTHD_TESTS_FAKE_WIRE_H
#define HEALTHD_TESTS_FAKE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_TEXT_MAX 16384

struct fake_text {
    uint8_t bytes[FAKE_TEXT_MAX];
    size_t length;
    uint8_t sequence; /* of the next packet */
};

void fake_say_greeting(struct fake_text *text, bool with_tls);
void fake_say_ok(struct fake_text *text);
void fake_say_error(struct fake_text *text, unsigned code, const char *state, const char *sentence);

/* A result set: columns, then rows of as many texts, then its end. */
void fake_say_columns(struct fake_text *text, unsigned columns);
void fake_say_row(struct fake_text *text, const char *const *values, unsigned columns);
void fake_say_rows(struct fake_text *text); /* a hundred, of two texts */
void fake_say_end(struct fake_text *text);

/* The canned answers of a member of three. */
void fake_say_status(struct fake_text *text);
void fake_say_begun(struct fake_text *text); /* the first row of that */
void fake_say_variables(struct fake_text *text);
void fake_say_values(struct fake_text *text, unsigned values);
void fake_say_members(struct fake_text *text, unsigned values); /* with these in each row */

#endif
