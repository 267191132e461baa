/*
 * metrics_page.c - all metrics, in slices.
 *
 * Samples of one family have to stand together, so it goes family by family, and cluster by cluster in
 * each. A slice ends after a cluster, never inside one: whoever comes and goes between two slices, no
 * node can be told twice in a family.
 */
#include "metrics.h"

#include <event2/buffer.h>
#include <stdlib.h>

/* Bytes after which a slice ends: some hundred samples. With a cluster of 32 nodes at its end, it may have
 * four times as much. */
#define SLICE_BYTES 32768

struct metrics_page {
    struct metrics_text text;
    struct metrics_extra extra;
    struct usage_count *count; /* NULL: the descriptors have been counted */
    bool begun;                /* what comes first is out */
    unsigned family;
    bool headed;      /* the family has been begun */
    uint32_t cluster; /* which is next in it */
};

struct metrics_page *metrics_page_create(bool openmetrics, const struct metrics_extra *extra)
{
    struct metrics_page *page = calloc(1, sizeof *page);

    if (!page)
        return NULL;
    page->text.openmetrics = openmetrics;
    page->extra = *extra;
    page->count = usage_count_begin();
    return page;
}

void metrics_page_destroy(void *state)
{
    struct metrics_page *page = state;

    metrics_text_clear(&page->text);
    usage_count_end(page->count);
    free(page);
}

/* False: it is not done yet. */
static bool count_files(struct metrics_page *page)
{
    if (page->count && usage_count_go_on(page->count, &page->extra.usage.files))
        return false;
    usage_count_end(page->count);
    page->count = NULL;
    return true;
}

static void tell_cluster(struct metrics_page *page, const struct overview *overview,
                         const struct metrics_family *family, uint32_t number)
{
    struct metrics_text *text = &page->text;
    const char *name = roster_cluster_name(overview->roster, number);
    struct metrics_cluster cluster = {.overview = overview, .number = number};

    if (health_cluster_snapshot(overview->engine, number, &cluster.known) != HEALTH_OK)
        return;
    metrics_subject(text);
    metrics_label(text, "cluster", name);
    family->tell_cluster(text, &cluster);
}

static void tell_nodes(struct metrics_page *page, const struct overview *overview,
                       const struct metrics_family *family, uint32_t number)
{
    struct metrics_text *text = &page->text;
    const struct roster_cluster *home = &overview->roster->clusters[number];
    struct health_node_snapshot node;

    for (uint32_t i = 0; i < home->count; i++) {
        if (health_node_snapshot(overview->engine, home->nodes[i], &node) != HEALTH_OK)
            continue;
        metrics_subject(text);
        metrics_label(text, "cluster", roster_cluster_name(overview->roster, number));
        metrics_label(text, "node", roster_node_name(overview->roster, home->nodes[i]));
        family->tell_node(text, &node, sightings_of(overview->sightings, home->nodes[i]));
    }
}

/* The next cluster of a family. False: it has no more. */
static bool tell_next(struct metrics_page *page, const struct overview *overview)
{
    const struct metrics_family *family = &metrics_families[page->family];
    const struct roster *roster = overview->roster;

    if (!page->headed)
        metrics_begin(&page->text, family->type, family->name, family->help);
    page->headed = true;
    while (page->cluster < roster->directory.cluster_capacity &&
           !roster->clusters[page->cluster].used)
        page->cluster++;
    if (page->cluster == roster->directory.cluster_capacity)
        return false;
    if (family->tell_cluster)
        tell_cluster(page, overview, family, page->cluster);
    else
        tell_nodes(page, overview, family, page->cluster);
    page->cluster++;
    return true;
}

/* What comes first, then families until the slice is full or all are out. */
static void fill(struct metrics_page *page, const struct overview *overview)
{
    if (!page->begun) {
        usage_read(&page->extra.usage);
        metrics_tell_own(&page->text, overview, &page->extra);
    }
    page->begun = true;
    while (page->family < metrics_family_count && page->text.length < SLICE_BYTES)
        if (!tell_next(page, overview)) {
            page->family++;
            page->headed = false;
            page->cluster = 0;
        }
    if (page->family == metrics_family_count)
        metrics_end(&page->text);
}

bool metrics_page_next(void *state, const struct overview *overview, struct evbuffer *out)
{
    struct metrics_page *page = state;

    if (!count_files(page))
        return true;
    page->text.length = 0;
    fill(page, overview);
    evbuffer_add(out, page->text.bytes, page->text.length);
    return !page->text.failed && page->family < metrics_family_count;
}
