/*
 * picture.h - what is read from the server's documents, and how times are told.
 *
 * A server may leave out what it does not know, and a newer one may say more: what is not there is told
 * as "-", never guessed.
 */
#ifndef HEALTHD_CLI_LIVE_PICTURE_H
#define HEALTHD_CLI_LIVE_PICTURE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICTURE_SPAN_MAX 32
#define PICTURE_VIEW_MAX 48

/* A member of an object; NULL: it is not there, or there is no object. */
const cJSON *picture_get(const cJSON *json, const char *key);

/* The first of a list; NULL: there is none, or no list. */
const cJSON *picture_first(const cJSON *list);

/* A member's text; "-" where it is none. */
const char *picture_text(const cJSON *json, const char *key);

/* A member's number. False: it is none. */
bool picture_number(const cJSON *json, const char *key, double *ret_number);

/* Is a member false? Not where it is not known. */
bool picture_no(const cJSON *json, const char *key);

/* "yes", "no" or "not known" */
const char *picture_answer(const cJSON *json, const char *key);

/* The sentence of a reason that is told by its name; the name where it is not known here. */
const char *picture_reason(const cJSON *json, const char *key);

/* Has the witness spoken once, and so long ago that nothing of it is believed any more? */
bool picture_is_silent(const cJSON *witness);

/* A view: how many members, and its number, "3 (#17)". False: it is not known. */
bool picture_view(const cJSON *view, char text[PICTURE_VIEW_MAX]);

/* "s", but for one of them. */
const char *picture_plural(double count);

/* It may be sent clients, but load balancers send them elsewhere while they can: it is a donor. */
bool picture_donates(const cJSON *node);

/* Why a node takes no clients, as a sentence. */
const char *picture_unroutable(const cJSON *node);

/* "4m12s": two units say enough. */
void picture_span(int64_t ms, char text[PICTURE_SPAN_MAX]);

/* How long before the document's own time that of a key is: the server's clock is compared with itself.
 * "-": it is not said. */
void picture_since(const cJSON *document, const cJSON *json, const char *key,
                   char text[PICTURE_SPAN_MAX]);

#endif
