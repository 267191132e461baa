/*
 * config_report.h - what is printed of a configuration that was checked, by whichever program.
 */
#ifndef HEALTHD_CLI_CONFIG_REPORT_H
#define HEALTHD_CLI_CONFIG_REPORT_H

#include "config.h"

/* EX_CONFIG: service managers do not start such a service again. */
#define CONFIG_EXIT_UNUSABLE 78

/* A config_say that prints on standard error. */
void config_print_mistake(void *context, bool error, const char *text);

/* Print that `what` can be used, and what it holds. */
void config_print_good(const char *what, const struct config *config);

#endif
