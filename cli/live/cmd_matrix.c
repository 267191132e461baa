/*
 * cmd_matrix.c - healthctl matrix: who counts whom as a member, and whom the monitor reaches.
 *
 * A partition that no single node can see shows here: rows that differ. What a node's list of members
 * says is taken first; where it is not readable, the ids and sizes of the views are compared.
 */
#include "live.h"
#include "paint.h"
#include "picture.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

#define FIRST_COLUMNS 3

static const char legend[] =
    "+ counts it as a member   - does not   ~ is in the same view by id and size\n"
    "! is in another view      ? not known  . itself\n"
    "monitor: + answers, - refuses or closed, ? silent or not asked\n";

/* The view is one that is still believed. */
static const cJSON *fresh_view(const cJSON *node)
{
    const cJSON *view = picture_get(node, "view");
    double age_ms, limit_ms, id;

    if (!picture_number(view, "age_ms", &age_ms) || !picture_number(view, "conf_id", &id) ||
        (picture_number(view, "limit_ms", &limit_ms) && age_ms > limit_ms))
        return NULL;
    return view;
}

static bool same_number(const cJSON *a, const cJSON *b, const char *key)
{
    double left, right;
    return picture_number(a, key, &left) && picture_number(b, key, &right) && left == right;
}

static bool lists(const cJSON *members, const char *name)
{
    const cJSON *member;

    for (member = picture_first(members); member; member = member->next) {
        if (cJSON_IsString(member) && strcmp(member->valuestring, name) == 0)
            return true;
    }
    return false;
}

/* What `row` says of `column`. */
static const char *symbol(const cJSON *row, const cJSON *column)
{
    const cJSON *view = fresh_view(row);
    const cJSON *members = picture_get(row, "members");
    const cJSON *other = fresh_view(column);

    if (row == column)
        return ".";
    if (!view)
        return "?";
    if (cJSON_IsArray(members))
        return lists(members, picture_text(column, "name")) ? "+" : "-";
    if (!other)
        return "?";
    return same_number(view, other, "conf_id") && same_number(view, other, "size") ? "~" : "!";
}

static const char *monitor_symbol(const cJSON *node)
{
    static const struct {
        const char *says, *symbol;
    } rows[] = {{"ok", "+"}, {"error", "+"}, {"leaving", "+"}, {"closed", "-"}, {"refused", "-"}};
    const char *says = picture_text(picture_get(node, "probe"), "says");

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(says, rows[i].says) == 0)
            return rows[i].symbol;
    return "?";
}

static void add_head(struct table *table, const char *number, const char *name, const cJSON *view)
{
    char text[PICTURE_VIEW_MAX] = "-";

    picture_view(view, text);
    table_cell(table, NULL, "%s", name);
    table_cell(table, NULL, "%s", number);
    table_cell(table, NULL, "%s", text);
}

static void add_rows(struct table *table, const cJSON *nodes, const struct table_column *columns)
{
    const cJSON *row, *column;
    unsigned i = FIRST_COLUMNS;

    for (row = picture_first(nodes); row; row = row->next) {
        if (i == TABLE_COLUMNS_MAX)
            break;
        add_head(table, columns[i++].title, picture_text(row, "name"), picture_get(row, "view"));
        for (column = picture_first(nodes); column; column = column->next)
            table_cell(table, NULL, "%s", symbol(row, column));
        table_end_row(table);
    }
    add_head(table, "", "monitor", NULL);
    for (column = picture_first(nodes); column; column = column->next)
        table_cell(table, NULL, "%s", monitor_symbol(column));
    table_end_row(table);
}

static void print_cluster(const cJSON *cluster)
{
    struct table_column columns[TABLE_COLUMNS_MAX] = {{"NODE", 0}, {"#", 0}, {"MEMBERS", 1}};
    char numbers[TABLE_COLUMNS_MAX][4];
    const cJSON *nodes = picture_get(cluster, "nodes");
    const struct table_look look = {
        .width = table_terminal_width(stdout), .headings = true, .paint = paint_wanted(stdout)};
    unsigned count = FIRST_COLUMNS;

    for (const cJSON *node = picture_first(nodes); node && count < TABLE_COLUMNS_MAX;
         node = node->next, count++) {
        snprintf(numbers[count], sizeof numbers[count], "%u", count - FIRST_COLUMNS + 1);
        columns[count] = (struct table_column){numbers[count], 2};
    }
    struct table *table = table_create(columns, count);
    if (table)
        add_rows(table, nodes, columns);
    printf("%s\n", picture_text(cluster, "name"));
    table_print(table, stdout, &look);
}

static int show(struct live *live, const char *name)
{
    const cJSON *cluster = NULL;
    cJSON *document = live_get_clusters(live, name, NULL);

    if (!document)
        return live->code;
    while ((cluster = live_next_cluster(document, cluster)))
        print_cluster(cluster);
    fputs(legend, stdout);
    cJSON_Delete(document);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {LIVE_OPTIONS, {NULL, 0, NULL, 0}};
    struct live live = {.command = &command_matrix};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_matrix);
        if (option == '?')
            return command_option_misused(&command_matrix, argv);
        live_option(&live, option, optarg);
    }
    if (argc - optind > 1)
        return command_misused(&command_matrix, "one cluster at most is expected");
    int code = live_open(&live) ? show(&live, argv[optind]) : live.code;
    live_close(&live);
    return code;
}

const struct command command_matrix = {
    .name = "matrix",
    .arguments = "[CLUSTER]" LIVE_ARGUMENTS,
    .about = "Show who counts whom as a member, and whom the monitor reaches",
    .help =
        LIVE_HELP "\n"
                  "A row is what one node says of the others, by its list of members, or by\n"
                  "comparing views where no list can be read. Rows that differ are a partition,\n"
                  "or one that is just being noticed.\n\n"
                  "Exit codes: 0 done; 2 wrong usage, or no such cluster; 3 the server was not\n"
                  "reached, or its answer cannot be used.\n",
    .run = run,
};
