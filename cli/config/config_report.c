/*
 * config_report.c - see config_report.h.
 */
#include "config_report.h"

#include <stdio.h>
#include <unistd.h>

void config_print_mistake(void *context, bool error, const char *text)
{
    (void)context;
    fprintf(stderr, "%s%s\n", error ? "" : "warning: ", text);
}

void config_print_good(const char *what, const struct config *config)
{
    size_t clusters = config->cluster_count, nodes = config_node_count(config);

    printf("%s: it can be used: %zu cluster%s, %zu node%s\n", what, clusters,
           clusters == 1 ? "" : "s", nodes, nodes == 1 ? "" : "s");
    if (geteuid() == 0)
        config_print_mistake(NULL, false,
                             "checked as root, who may read every file: check it as the user that "
                             "the service runs as, too: sudo -u healthd healthd --check-config");
}
