/*
 * status_view.h - the picture of clusters as a table: a title, the nodes, and what needs a sentence.
 */
#ifndef HEALTHD_CLI_LIVE_STATUS_VIEW_H
#define HEALTHD_CLI_LIVE_STATUS_VIEW_H

#include "table.h"

#include <cjson/cJSON.h>

/* A document of clusters in a table, the worst first. With `wide` it has every column. The document must live until the
 * table is printed. NULL: memory is short. */
struct table *status_view(const cJSON *document, bool wide);

/* "2 of 3 green, can lose 1 more" of a cluster. */
#define STATUS_CENSUS_MAX 96
void status_census(const cJSON *cluster, char text[STATUS_CENSUS_MAX]);

#endif
