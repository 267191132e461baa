/*
 * http_body.c - what a question says in its body.
 */
#include "http_body.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

/* NULL: it is no JSON. */
static cJSON *parse(struct http_call *call)
{
    struct evbuffer *input = evhttp_request_get_input_buffer(call->request);
    size_t length = evbuffer_get_length(input);
    char *text = calloc(1, length + 1);
    cJSON *json = NULL;

    if (text && evbuffer_copyout(input, text, length) == (ev_ssize_t)length &&
        strlen(text) == length)
        json = cJSON_ParseWithOpts(text, NULL, true);
    free(text);
    return json;
}

static bool is_known(const struct http_body *body, const char *key)
{
    for (size_t i = 0; i < HTTP_BODY_KEYS_MAX && body->keys[i]; i++)
        if (strcmp(body->keys[i], key) == 0)
            return true;
    return false;
}

/* The key that is not known, or stands twice; NULL: none. */
static const char *strange_key(const struct http_body *body, const cJSON *json)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json)
    {
        if (!is_known(body, item->string) ||
            cJSON_GetObjectItemCaseSensitive(json, item->string) != item)
            return item->string;
    }
    return NULL;
}

cJSON *http_body_read(struct http_call *call, const struct http_body *body)
{
    cJSON *json = parse(call);
    bool object = cJSON_IsObject(json); /* what else there is has items without keys */
    const char *strange = object ? strange_key(body, json) : NULL;

    if (object && !strange)
        return json;
    if (!object)
        http_refuse(call, HTTP_BADREQUEST, "body: a JSON object such as %s is expected",
                    body->example);
    else
        http_refuse(call, HTTP_BADREQUEST, "%.64s: %s are expected, once each", strange,
                    body->expected);
    cJSON_Delete(json);
    return NULL;
}
