/*
 * client.c - see client.h; libcurl's multi interface, one transfer a question.
 */
#include "client.h"
#include "disarm.h"

#include <healthd/observer.h>
#include <healthd/secret.h>

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN_MS 1000 /* silence on a stream is looked for as often */

struct transfer {
    struct client *client;
    struct transfer *next;
    CURL *easy;
    struct curl_slist *headers;
    struct client_request request; /* what it borrows is gone */
    char *text;                    /* NULL: nothing yet, or a stream's, which is not kept */
    size_t length;
    int64_t heard_ns;
};

struct client {
    struct client_options options;
    CURLM *multi;
    struct transfer *transfers;
    char *kept; /* the text of client_ask()'s last answer */
};

static size_t keep(struct transfer *transfer, const char *bytes, size_t length)
{
    bool fits = length <= CLIENT_ANSWER_MAX - transfer->length;
    char *text = fits ? realloc(transfer->text, transfer->length + length + 1) : NULL;

    if (!text)
        return 0; /* ends the transfer */
    transfer->text = text;
    memcpy(text + transfer->length, bytes, length);
    transfer->length += length;
    text[transfer->length] = '\0';
    return length;
}

/* A stream is only what came with "200"; another answer is kept, because it says why. */
static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    long status = 0;

    transfer->heard_ns = health_clock_ns();
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (!transfer->request.take || status != 200)
        return keep(transfer, bytes, length);
    return transfer->request.take(transfer->request.context, bytes, length) ? length : 0;
}

/* ---- What went wrong ---- */

/* In whose place a sentence says it: the system's own words where there are some. */
static const char *system_word(CURL *easy, CURLcode code)
{
    long error = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    return error ? strerror((int)error) : curl_easy_strerror(code);
}

static void tell_problem(const struct transfer *transfer, CURLcode code, char *problem)
{
    const char *server = transfer->client->options.server;
    const size_t size = CLIENT_PROBLEM_MAX;

    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        snprintf(problem, size,
                 "%s cannot be reached: %s. Does healthd run there, and is that its http.listen? "
                 "--server or HEALTHD_SERVER names another",
                 server, system_word(transfer->easy, code));
    else if (code == CURLE_OPERATION_TIMEDOUT)
        snprintf(problem, size,
                 "%s has not answered within %g s. Is it healthd that listens there? --timeout "
                 "gives it longer",
                 server, transfer->client->options.timeout_ms / 1e3);
    else if (code == CURLE_WRITE_ERROR)
        snprintf(problem, size,
                 "%s sends more than any healthd, or in another form. Is it healthd that listens "
                 "there?",
                 server);
    else if (code == CURLE_OUT_OF_MEMORY)
        snprintf(problem, size, "memory is short");
    else
        snprintf(problem, size,
                 "%s does not answer as healthd does: %s. Is it healthd that listens there?",
                 server, curl_easy_strerror(code));
}

/* ---- The life of a transfer ---- */

static void drop(struct transfer *transfer)
{
    struct transfer **place = &transfer->client->transfers;

    while (*place != transfer)
        place = &(*place)->next;
    *place = transfer->next;
    curl_multi_remove_handle(transfer->client->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    free(transfer->text);
    free(transfer);
}

/* `status` 0: the problem is told already. */
static void finish(struct transfer *transfer, struct client_answer *answer)
{
    answer->text = transfer->text ? transfer->text : "";
    answer->length = transfer->length;
    transfer->request.done(transfer->request.context, answer);
    drop(transfer);
}

static void on_end(struct transfer *transfer, CURLcode code)
{
    struct client_answer answer = {.status = 0};

    disarm(transfer->text, "\t\r\n"); /* JSON has no others but escaped */
    if (code == CURLE_OK)
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    else
        tell_problem(transfer, code, answer.problem);
    finish(transfer, &answer);
}

/* What becomes of a stream is not libcurl's to limit: its measure of slowness does not see a few bytes
 * each ten seconds. */
static void end_silent_streams(struct client *client)
{
    int64_t now_ns = health_clock_ns();
    struct transfer *next;

    for (struct transfer *transfer = client->transfers; transfer; transfer = next) {
        long status = 0;
        next = transfer->next;
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        int64_t limit_ms = status ? CLIENT_SILENCE_MS : (int64_t)client->options.timeout_ms;
        if (!transfer->request.take || now_ns - transfer->heard_ns < limit_ms * HEALTH_NS_PER_MS)
            continue;
        struct client_answer answer = {.status = 0};
        snprintf(answer.problem, sizeof answer.problem, "%s has been silent for %g s",
                 client->options.server, (double)limit_ms / 1e3);
        finish(transfer, &answer);
    }
}

static void add_header(struct transfer *transfer, const char *name, const char *value)
{
    char line[HEALTH_SECRET_SIZE + 64];
    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *headers = curl_slist_append(transfer->headers, line);
    if (headers)
        transfer->headers = headers;
}

/* The token is shown to nobody but with a request that changes something. */
static void add_token(struct transfer *transfer)
{
    static const char scheme[] = "Bearer ";
    const char *path = transfer->client->options.token_file;
    char value[sizeof scheme + HEALTH_SECRET_SIZE];
    char token[HEALTH_SECRET_SIZE];

    if (!path || health_secret_read(path, token) != NULL)
        return; /* the server says that one is expected */
    snprintf(value, sizeof value, "%s%s", scheme, token);
    add_header(transfer, "Authorization", value);
}

static void set_up(struct transfer *transfer, const struct client_request *request)
{
    CURL *easy = transfer->easy;
    long timeout_ms = (long)transfer->client->options.timeout_ms;
    char url[1024];

    const char *server = transfer->client->options.server;
    size_t length = strlen(server);
    length -= server[length - 1] == '/'; /* the path begins with one */
    snprintf(url, sizeof url, "%.*s%s", (int)length, server, request->path);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->take ? 0L : timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    if (request->body) {
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body);
        add_header(transfer, "Content-Type", "application/json");
    }
    if (request->last_id)
        add_header(transfer, "Last-Event-ID", request->last_id);
    if (strcmp(request->method, "GET") != 0)
        add_token(transfer);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
}

void client_begin(struct client *client, const struct client_request *request)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    struct client_answer answer = {.text = "", .problem = "memory is short"};

    if (transfer)
        transfer->easy = curl_easy_init();
    if (!transfer || !transfer->easy) {
        free(transfer);
        request->done(request->context, &answer);
        return;
    }
    transfer->client = client;
    transfer->request = *request;
    transfer->heard_ns = health_clock_ns();
    transfer->next = client->transfers;
    client->transfers = transfer;
    set_up(transfer, request);
    curl_multi_add_handle(client->multi, transfer->easy);
}

void client_turn(struct client *client, int fd, int timeout_ms)
{
    struct curl_waitfd other = {.fd = fd, .events = CURL_WAIT_POLLIN};
    struct CURLMsg *message;
    int left;

    if (curl_multi_perform(client->multi, &left) == CURLM_OK)
        curl_multi_poll(client->multi, &other, fd >= 0, timeout_ms, NULL);
    curl_multi_perform(client->multi, &left);
    while ((message = curl_multi_info_read(client->multi, &left))) {
        char *transfer = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        on_end((struct transfer *)(void *)transfer, code);
    }
    end_silent_streams(client);
}

/* ---- One at a time ---- */

struct asked {
    struct client *client;
    struct client_answer *answer;
    bool done;
};

static void on_answer(void *context, const struct client_answer *answer)
{
    struct asked *asked = context;

    free(asked->client->kept);
    asked->client->kept = malloc(answer->length + 1);
    *asked->answer = *answer;
    if (asked->client->kept)
        memcpy(asked->client->kept, answer->text, answer->length + 1);
    else
        asked->answer->length = 0;
    asked->answer->text = asked->client->kept ? asked->client->kept : "";
    asked->done = true;
}

void client_ask(struct client *client, const char *method, const char *path, const char *body,
                struct client_answer *ret_answer)
{
    struct asked asked = {.client = client, .answer = ret_answer};
    const struct client_request request = {
        .method = method, .path = path, .body = body, .done = on_answer, .context = &asked};

    client_begin(client, &request);
    while (!asked.done)
        client_turn(client, -1, TURN_MS);
}

/* ---- Life ---- */

bool client_server_valid(const char *url)
{
    CURLU *parts = curl_url();
    char *path = NULL;
    bool http = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
    bool good = parts && http && strlen(url) < 512 && !strpbrk(url, "?#") &&
                curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_PATH, &path, 0) == CURLUE_OK &&
                strcmp(path, "/") == 0;
    curl_free(path);
    curl_url_cleanup(parts);
    return good;
}

struct client *client_create(const struct client_options *options)
{
    struct client *client = calloc(1, sizeof *client);

    if (!client)
        return NULL;
    client->options = *options;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        client->multi = curl_multi_init();
    if (client->multi)
        return client;
    free(client);
    return NULL;
}

void client_destroy(struct client *client)
{
    struct transfer *transfer, *next;

    if (!client)
        return;
    for (transfer = client->transfers; transfer; transfer = next) {
        next = transfer->next;
        drop(transfer);
    }
    curl_multi_cleanup(client->multi);
    curl_global_cleanup();
    free(client->kept);
    free(client);
}
