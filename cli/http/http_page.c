/*
 * http_page.c - the page for people.
 *
 * It is one document of ours, which asks for /v1/clusters, /v1/history and /v1/events like any other program.
 * The policy sees to it that nothing else ever runs in it, whatever a name or a text may hold.
 */
#include "http_private.h"

#include "page/page.h"

void http_serve_page(struct http_call *call)
{
    http_header(call, "Content-Security-Policy", http_page.policy);
    http_header(call, "Referrer-Policy", "no-referrer");
    http_header(call, "X-Frame-Options", "DENY");
    http_answer_static(call, "text/html; charset=utf-8", http_page.bytes, http_page.length);
}
