/*
 * disarm.h - texts of strangers, without what a terminal obeys.
 */
#ifndef HEALTHD_CLI_DISARM_H
#define HEALTHD_CLI_DISARM_H

/* Replace control characters, but those in `harmless`, by question marks: of ASCII, and of UTF-8 the second set,
 * U+0080 to U+009F, which terminals obey as well. NULL is fine. */
void disarm(char *text, const char *harmless);

#endif
