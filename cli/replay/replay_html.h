/*
 * replay_html.h - replays as one document that needs nothing else: strips of time, marks, a table.
 *
 * The document is the page that is part of the program, then the data of each replay, which its script draws.
 */
#ifndef HEALTHD_CLI_REPLAY_HTML_H
#define HEALTHD_CLI_REPLAY_HTML_H

#include "replay.h"

struct replay_html;

/* Open the file to write to. One that is there is written over only when it is empty or such a report, and not
 * before replay_html_close(). NULL: stderr says why. */
struct replay_html *replay_html_open(const char *path);

/* A replay begins; then its changes and marks in the order of time; and its end. */
void replay_html_begin(struct replay_html *html);
void replay_html_report(struct replay_html *html, const struct replay *replay,
                        const struct health_report *report);
void replay_html_mark(struct replay_html *html, const struct replay *replay, int64_t at_ns,
                      const char *words);
void replay_html_end(struct replay_html *html, const struct replay *replay);

/* Write what was told, unless no replay came to its end, and free. False: stderr says why it could not be
 * written. NULL is fine. */
bool replay_html_close(struct replay_html *html);

#endif
