/*
 * http.c - the server: what it takes, and who serves it.
 */
#include "http_private.h"

#include "log.h"

#include <healthd/observer.h>
#include <healthd/secret.h>

#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>

/* Questions are short. */
#define HEADERS_MAX 8192
#define BODY_MAX 16384
#define TIMEOUT_S 30 /* of a connection that takes nothing of what is sent to it */

#define METHODS \
    (EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | \
     EVHTTP_REQ_DELETE)

/* ---- Taking a question apart ---- */

/* False: too many parts, or one that is no text. */
static bool split(struct http_call *call, const char *path)
{
    while (*path) {
        size_t length = strcspn(path, "/");
        if (length) {
            char raw[256];
            size_t decoded;
            if (length >= sizeof raw || call->part_count == HTTP_PARTS_MAX)
                return false;
            snprintf(raw, sizeof raw, "%.*s", (int)length, path);
            char *part = evhttp_uridecode(raw, 0, &decoded);
            if (!part)
                return false;
            call->parts[call->part_count++] = part;
            if (strlen(part) != decoded)
                return false;
        }
        path += length + (path[length] == '/');
    }
    return true;
}

/* A key may stand without a value, as in "/livez?verbose", which libevent does not read. False: it is no query. */
static bool read_query(struct http_call *call, const char *text)
{
    char *whole = malloc(2 * strlen(text) + 2);
    char *end = whole;

    if (!whole)
        return false;
    while (*(text += strspn(text, "&"))) {
        size_t length = strcspn(text, "&");
        bool valued = memchr(text, '=', length) != NULL;
        end +=
            sprintf(end, "%s%.*s%s", end == whole ? "" : "&", (int)length, text, valued ? "" : "=");
        text += length;
    }
    *end = '\0';
    bool good = !*whole || evhttp_parse_query_str(whole, &call->query) == 0;
    free(whole);
    return good;
}

/* False: it was said what is expected. */
static bool take_apart(struct http_call *call)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(call->request);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    const char *query = uri ? evhttp_uri_get_query(uri) : NULL;

    TAILQ_INIT(&call->query);
    if (!path || !split(call, path))
        http_refuse(call, HTTP_BADREQUEST, "a path such as /v1/clusters is expected");
    else if (query && !read_query(call, query))
        http_refuse(call, HTTP_BADREQUEST,
                    "words or KEY=VALUE with & between them are expected after the question mark");
    else
        return true;
    return false;
}

static void clear_call(struct http_call *call)
{
    evhttp_clear_headers(&call->query);
    for (unsigned i = 0; i < call->part_count; i++)
        free(call->parts[i]);
}

/* ---- Who serves it ---- */

static bool fits(const struct http_route *route, const struct http_call *call)
{
    const char *pattern = route->path;
    for (unsigned i = 0; i < call->part_count; i++) {
        size_t length;
        pattern += strspn(pattern, "/");
        length = strcspn(pattern, "/");
        if (!length)
            return false;
        if (!(length == 1 && *pattern == '*') &&
            (strncmp(pattern, call->parts[i], length) != 0 || call->parts[i][length] != '\0'))
            return false;
        pattern += length;
    }
    return pattern[strspn(pattern, "/")] == '\0';
}

static const struct http_route *find_route(const struct http_call *call, unsigned *ret_methods)
{
    unsigned method = (unsigned)evhttp_request_get_command(call->request);

    *ret_methods = 0;
    for (size_t i = 0; i < http_route_count; i++)
        if (fits(&http_routes[i], call)) {
            *ret_methods |= http_routes[i].methods;
            if (http_routes[i].methods & method)
                return &http_routes[i];
        }
    return NULL;
}

static void refuse_method(struct http_call *call, unsigned methods)
{
    static const struct {
        unsigned method;
        const char *name;
    } names[] = {{EVHTTP_REQ_GET, "GET"},         {EVHTTP_REQ_HEAD, "HEAD"},
                 {EVHTTP_REQ_OPTIONS, "OPTIONS"}, {EVHTTP_REQ_POST, "POST"},
                 {EVHTTP_REQ_PUT, "PUT"},         {EVHTTP_REQ_DELETE, "DELETE"}};
    char allowed[64] = "";

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (methods & names[i].method)
            snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), "%s%s",
                     *allowed ? ", " : "", names[i].name);
    http_header(call, "Allow", allowed);
    http_refuse(call, 405, "%s is expected here", allowed);
}

/* ---- Who may change something ---- */

static bool may_change(struct http_call *call)
{
    static const char scheme[] = "Bearer ";
    const char *shown =
        evhttp_find_header(evhttp_request_get_input_headers(call->request), "Authorization");
    const char *path = call->http->options.token_file;
    char token[HEALTH_SECRET_SIZE];
    const char *why = path ? health_secret_read(path, token) : NULL;

    if (!path) {
        http_refuse(call, 403,
                    "http.token_file (or --token-file) is expected in the configuration: without "
                    "it nobody may change anything");
    } else if (why) {
        http_refuse(call, 403, "http.token_file: %s: %s", path, why);
    } else if (!shown || strncasecmp(shown, scheme, sizeof scheme - 1) != 0 ||
               strlen(shown + sizeof scheme - 1) != strlen(token) ||
               CRYPTO_memcmp(shown + sizeof scheme - 1, token, strlen(token)) != 0) {
        http_header(call, "WWW-Authenticate", "Bearer");
        http_refuse(call, 401,
                    "the token of http.token_file is expected: Authorization: Bearer "
                    "TOKEN");
    } else {
        return true;
    }
    return false;
}

static void serve(struct http_call *call)
{
    unsigned methods;
    const struct http_route *route;

    if (!take_apart(call))
        return;
    route = find_route(call, &methods);
    if (route && (!route->changes || may_change(call)))
        route->serve(call);
    else if (!route && methods)
        refuse_method(call, methods);
    else if (!route)
        http_refuse(call, 404,
                    "there is nothing here: / is a page for people, /v1/clusters for "
                    "programs");
}

static void on_complete(struct evhttp_request *request, void *context)
{
    struct http *http = context;
    http_connections_answered(http->connections, request);
}

static void on_request(struct evhttp_request *request, void *context)
{
    struct http *http = context;
    struct http_call call = {.http = http, .overview = http->options.overview, .request = request};

    http->requests++;
    http_connections_asked(http->connections, request, false);
    evhttp_request_set_on_complete_cb(request, on_complete, http);
    http->options.refresh(http->options.context);
    http_header(&call, "Cache-Control", "no-store");
    http_header(&call, "X-Content-Type-Options", "nosniff");
    serve(&call);
    clear_call(&call);
}

/* ---- Life ---- */

static bool begin(struct http *http)
{
    struct evconnlistener *listener = door_listen(http->options.base, http->options.listen);

    if (!listener) {
        log_event(LOG_ERR, "failed",
                  "key=http.listen text=\"HTTP cannot be served at %s: %s (http.listen: none does "
                  "without it)\"",
                  http->options.listen, strerror(errno));
        return false;
    }
    http->server = evhttp_new(http->options.base);
    if (!http->server || !evhttp_bind_listener(http->server, listener)) {
        evconnlistener_free(listener);
        return false;
    }
    evhttp_set_max_headers_size(http->server, HEADERS_MAX);
    evhttp_set_max_body_size(http->server, BODY_MAX);
    evhttp_set_timeout(http->server, TIMEOUT_S);
    evhttp_set_allowed_methods(http->server, METHODS);
    evhttp_set_gencb(http->server, on_request, http);
    http->connections = http_connections_create(http->options.base, http->server, listener);
    http->followers = http_followers_create(http);
    return http->connections && http->followers;
}

struct http *http_create(const struct http_options *options)
{
    struct http *http = calloc(1, sizeof *http);

    if (!http)
        return NULL;
    http->options = *options;
    if (begin(http))
        return http;
    http_destroy(http);
    return NULL;
}

void http_destroy(struct http *http)
{
    if (!http)
        return;
    http_followers_destroy(http->followers);
    if (http->server)
        evhttp_free(http->server);
    http_connections_destroy(http->connections);
    free(http);
}

void http_told(struct http *http)
{
    http_followers_told(http->followers);
}
