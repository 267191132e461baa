/*
 * client.h - questions to a running healthd, over HTTP.
 *
 * Several may be under way at once: a picture and the stream of events beside it. All of them are moved
 * on by client_turn(), and nothing else waits. No question goes through a proxy: the monitor of a cluster
 * is near it, and a proxy of the environment that takes loopback for itself is a surprise.
 *
 * What goes wrong is told in one sentence that says what could not be had, and what to do.
 *
 * Threads: one.
 */
#ifndef HEALTHD_CLI_LIVE_CLIENT_H
#define HEALTHD_CLI_LIVE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_SERVER "http://127.0.0.1:9200"
#define CLIENT_PROBLEM_MAX 512

/* More than the picture of ten thousand nodes; who sends more is not healthd. */
#define CLIENT_ANSWER_MAX ((size_t)64 * 1024 * 1024)

/* healthd says something on a stream each 10 s; after this silence it is gone. */
#define CLIENT_SILENCE_MS 25000

struct client;

struct client_options {
    const char *server;     /* URL without a path; borrowed */
    const char *token_file; /* its first line is shown to who asks for it; NULL: nothing is */
    uint32_t timeout_ms;    /* for one whole answer, and for the beginning of a stream */
};

struct client_answer {
    long status; /* of HTTP; 0: there is no answer, and `problem` says why */
    const char *text;
    size_t length;
    char problem[CLIENT_PROBLEM_MAX];
};

struct client_request {
    const char *method;  /* "GET" */
    const char *path;    /* borrowed until client_begin() returns, as are the two below */
    const char *body;    /* JSON; NULL: none */
    const char *last_id; /* of the last event seen; NULL: none */
    /* With `take` it is a stream: each piece is given to it, and it may last. False: it is not worth
     * reading on. */
    bool (*take)(void *context, const char *bytes, size_t length);
    /* Called once, at its end; the answer is good until it returns. */
    void (*done)(void *context, const struct client_answer *answer);
    void *context;
};

/* NULL: memory is short. */
struct client *client_create(const struct client_options *options);

/* What is under way ends without a word. NULL is fine. */
void client_destroy(struct client *client);

/* Is this what a server is named by: http or https, a host, perhaps a port, and nothing else? */
bool client_server_valid(const char *url);

void client_begin(struct client *client, const struct client_request *request);

/* Move on what is under way, for at most this long; earlier when something happened, also to `fd`
 * (-1: none), which may then be readable. */
void client_turn(struct client *client, int fd, int timeout_ms);

/* One question and its whole answer, whose text is good until the next. */
void client_ask(struct client *client, const char *method, const char *path, const char *body,
                struct client_answer *ret_answer);

#endif
