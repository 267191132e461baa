/*
 * config_report.c - see config_report.h.
 */
#include "config_report.h"

#include <stdio.h>

void config_print_mistake(void *context, bool error, const char *text)
{
    (void)context;
    fprintf(stderr, "%s%s\n", error ? "" : "warning: ", text);
}

void config_print_good(const char *what, const struct config *config)
{
    printf("%s: it can be used: %zu clusters, %zu nodes\n", what, config->cluster_count,
           config_node_count(config));
}
