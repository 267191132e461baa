/*
 * replay_html.c - replays as one document.
 */
#include "replay_html.h"

#include "json_value.h"
#include "page/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct replay_html {
    const char *path;
    FILE *file;
    bool regular; /* and not a device or a pipe */
    bool fresh;   /* it was not there before */
    FILE *data;   /* of the replays that have ended */
    char *text;   /* what `data` holds */
    size_t size;
    cJSON *changes; /* of the replay under way */
    cJSON *marks;
};

/* As much of a report's beginning as tells it from other files. */
#define HEAD_LENGTH 64

static bool may_be_replaced(struct replay_html *html)
{
    char head[HEAD_LENGTH];
    size_t length = fread(head, 1, sizeof head, html->file);

    rewind(html->file);
    return length == 0 ||
           (length == sizeof head && memcmp(head, replay_page.bytes, sizeof head) == 0);
}

static bool open_file(struct replay_html *html)
{
    struct stat status;
    int fd = open(html->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    html->fresh = fd >= 0;
    if (fd < 0 && errno == EEXIST)
        fd = open(html->path, O_RDWR | O_CLOEXEC);
    html->file = fd >= 0 ? fdopen(fd, "r+") : NULL;
    if (!html->file || fstat(fd, &status) != 0) {
        fprintf(stderr, "%s: cannot be written: %s\n", html->path, strerror(errno));
        if (fd >= 0 && !html->file)
            close(fd);
        return false;
    }
    html->regular = S_ISREG(status.st_mode);
    if (!html->regular || may_be_replaced(html))
        return true;
    fprintf(stderr, "%s: is there already and is no report of a replay: another name is expected\n",
            html->path);
    return false;
}

static void free_html(struct replay_html *html)
{
    cJSON_Delete(html->changes);
    cJSON_Delete(html->marks);
    if (html->file)
        fclose(html->file);
    fclose(html->data);
    free(html->text);
    free(html);
}

struct replay_html *replay_html_open(const char *path)
{
    struct replay_html *html = calloc(1, sizeof *html);

    if (html)
        html->data = open_memstream(&html->text, &html->size);
    if (!html || !html->data) {
        fprintf(stderr, "%s: cannot be written: memory is short\n", path);
        free(html);
        return NULL;
    }
    html->path = path;
    if (open_file(html))
        return html;
    free_html(html);
    return NULL;
}

/* ---- What is told ---- */

void replay_html_begin(struct replay_html *html)
{
    cJSON_Delete(html->changes);
    cJSON_Delete(html->marks);
    html->changes = cJSON_CreateArray();
    html->marks = cJSON_CreateArray();
}

static cJSON *add_entry(cJSON *list, const struct replay *replay, int64_t at_ns)
{
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddNumberToObject(entry, "at", replay_seconds(replay, at_ns) * 1e3);
    cJSON_AddItemToArray(list, entry);
    return entry;
}

void replay_html_report(struct replay_html *html, const struct replay *replay,
                        const struct health_report *report)
{
    cJSON *change = add_entry(html->changes, replay, report->at_ns);
    bool cluster = replay_is_cluster(replay, report);

    if (!cluster)
        cJSON_AddNumberToObject(change, "node", report->subject);
    cJSON_AddStringToObject(change, "from", replay_state_name(replay, report, report->from));
    cJSON_AddStringToObject(change, "state", replay_state_name(replay, report, report->state));
    cJSON_AddStringToObject(change, "text", health_reason_text((enum health_reason)report->reason));
    if (!cluster && report->routable != HEALTH_ANSWER_NOT_KNOWN)
        cJSON_AddBoolToObject(change, "routable", report->routable == HEALTH_ANSWER_YES);
}

void replay_html_mark(struct replay_html *html, const struct replay *replay, int64_t at_ns,
                      const char *words)
{
    cJSON_AddStringToObject(add_entry(html->marks, replay, at_ns), "text", words);
}

static cJSON *recording(const struct replay *replay)
{
    const struct health_trace_header *header = replay->header;
    cJSON *json = cJSON_CreateObject();
    cJSON *nodes = cJSON_AddArrayToObject(json, "nodes");

    cJSON_AddStringToObject(json, "path", replay->path);
    cJSON_AddStringToObject(json, "about", header->about);
    cJSON_AddStringToObject(json, "cluster", header->cluster);
    cJSON_AddNumberToObject(json, "expected", header->expected_size);
    json_add_integer(json, "start_us", replay->start_ns / HEALTH_NS_PER_US);
    cJSON_AddNumberToObject(json, "end", replay_seconds(replay, replay->now_ns) * 1e3);
    for (uint32_t i = 0; i < header->node_count; i++)
        cJSON_AddItemToArray(nodes, cJSON_CreateString(header->nodes[i]));
    return json;
}

/* JSON in a script's element: no text of a recording may look like the element's end. */
static void write_data(FILE *data, const char *json)
{
    fputs("<script type=\"application/json\" class=\"recording\">", data);
    for (; *json; json++)
        if (*json == '<')
            fputs("\\u003c", data);
        else
            fputc(*json, data);
    fputs("</script>\n", data);
}

void replay_html_end(struct replay_html *html, const struct replay *replay)
{
    cJSON *json = recording(replay);

    cJSON_AddItemToObject(json, "changes", html->changes);
    cJSON_AddItemToObject(json, "marks", html->marks);
    html->changes = html->marks = NULL;
    char *text = cJSON_PrintUnformatted(json);
    if (text)
        write_data(html->data, text);
    free(text);
    cJSON_Delete(json);
}

/* ---- Writing ---- */

static bool write_all(struct replay_html *html)
{
    if (html->regular && ftruncate(fileno(html->file), 0) != 0)
        return false;
    fwrite(replay_page.bytes, 1, replay_page.length, html->file);
    fwrite(html->text, 1, html->size, html->file);
    return fflush(html->file) == 0 && !ferror(html->file);
}

bool replay_html_close(struct replay_html *html)
{
    bool good = true;

    if (!html)
        return true;
    fflush(html->data);
    if (html->size) {
        errno = 0;
        good = write_all(html);
        if (!good)
            fprintf(stderr, "%s: cannot be written: %s\n", html->path, strerror(errno));
    } else if (html->fresh) {
        unlink(html->path);
    }
    free_html(html);
    return good;
}
