/*
 * page.h - a document that is part of the program. Made by cmake/page.cmake from the files beside this one.
 */
#ifndef HEALTHD_CLI_PAGE_H
#define HEALTHD_CLI_PAGE_H

#include <stddef.h>

struct page {
    const char *bytes;
    size_t length;
    /* A Content-Security-Policy under which it works: its own style and script by their hashes, questions to
     * where it came from, and nothing else. */
    const char *policy;
};

extern const struct page http_page;   /* what healthd serves at / */
extern const struct page replay_page; /* what a replay's report begins with */

#endif
