/*
 * actor_command.c - a handler's command, with what it is given: words, environment, the diagnosis.
 */
#include "actor_private.h"
#include "log.h"
#include "placeholder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_words(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}

static size_t count_of(const char *const *words)
{
    size_t count = 0;
    while (words[count])
        count++;
    return count;
}

const char *actor_position(const struct actor_job *job, char text[POSITION_TEXT_SIZE])
{
    bool known = job->intent.position.seqno != HEALTH_SEQNO_NONE;
    return known ? position_format(&job->intent.position, text) : "none";
}

/* NULL: memory is short. */
static char **fill_words(const struct actor_job *job, const struct config_handler *handler)
{
    const struct actor_options *options = &job->actor->options;
    const char *cluster = actor_cluster_name(job);
    const struct config_node *node =
        config_find_node(config_find_cluster(*options->config, cluster), job->intent.node);
    char port[12], fencing[24], position[POSITION_TEXT_SIZE];
    size_t count = count_of((const char *const *)handler->command);
    char **words = calloc(count + 1, sizeof *words);

    snprintf(port, sizeof port, "%u", node ? node->port : 0);
    snprintf(fencing, sizeof fencing, "%lld", (long long)job->intent.fencing);
    const char *const values[PLACEHOLDER_COUNT] = {
        [PLACEHOLDER_CLUSTER] = cluster,
        [PLACEHOLDER_NODE] = job->intent.node,
        [PLACEHOLDER_ADDRESS] = node ? node->host : "",
        [PLACEHOLDER_PORT] = port,
        [PLACEHOLDER_ACTION] = health_action_name((enum health_action)job->intent.action),
        [PLACEHOLDER_FAULT] = health_faults[job->intent.fault].name,
        [PLACEHOLDER_FENCING] = fencing,
        [PLACEHOLDER_POSITION] = actor_position(job, position),
    };
    for (size_t i = 0; words && i < count; i++) {
        words[i] = placeholder_fill(handler->command[i], values);
        if (!words[i]) {
            free_words(words);
            return NULL;
        }
    }
    return words;
}

/* Those of our variables that it may have. NULL: memory is short. */
static char **fill_environment(const struct config_handler *handler)
{
    static const char *const usual[] = {"PATH", NULL};
    const char *const *names =
        handler->environment ? (const char *const *)handler->environment : usual;
    char **words = calloc(count_of(names) + 1, sizeof *words);

    for (size_t count = 0; words && *names; names++) {
        const char *value = getenv(*names);
        if (value && asprintf(&words[count++], "%s=%s", *names, value) == -1) {
            words[count - 1] = NULL;
            free_words(words);
            return NULL;
        }
    }
    return words;
}

static void on_said(void *context, const char *line)
{
    const struct actor_job *job = context;
    char text[LOG_VALUE_MAX];

    log_event(LOG_INFO, "action-says", "cluster=%s node=%s id=%s text=%s", actor_cluster_name(job),
              job->intent.node, job->intent.id, log_value(text, sizeof text, line));
}

bool actor_run(struct actor_job *job, const struct config_handler *handler,
               void (*done)(void *context, int status, bool timed_out))
{
    const struct actor_options *options = &job->actor->options;
    char **words = fill_words(job, handler);
    char **environment = fill_environment(handler);
    char *document = options->document(options->context, job->cluster);
    const struct runner_options runner = {
        .base = options->base,
        .argv = words,
        .environment = environment,
        .input = document,
        .timeout_ns = handler->timeout_ms * HEALTH_NS_PER_MS,
        .said = on_said,
        .done = done,
        .context = job,
    };

    if (words && environment && document)
        job->runner = runner_create(&runner);
    free(document);
    free_words(environment);
    free_words(words);
    return job->runner != NULL;
}
