/*
 * cmd_maint.c - healthctl maint: say that a node is being worked on, or no longer.
 */
#include "live.h"
#include "config_value.h"
#include "picture.h"
#include "token.h"
#include "until.h"
#include "wall_time.h"

#include <healthd/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON = 512, UNTIL };

struct call {
    struct live live;
    bool on;
    const char *node;
    const char *reason;
    const char *until;
};

/* {"reason":"...","until":"..."}; NULL: memory is short. */
static char *body_of(const struct call *call, time_t until)
{
    cJSON *json = cJSON_CreateObject();
    char text[WALL_TIME_SIZE];

    cJSON_AddStringToObject(json, "reason", call->reason);
    if (call->until)
        cJSON_AddStringToObject(json, "until",
                                wall_time_format((int64_t)until * HEALTH_NS_PER_S, text));
    char *body = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return body;
}

static void tell(const struct call *call, const struct directory_entry *entry,
                 const struct client_answer *answer)
{
    cJSON *document = cJSON_Parse(answer->text);
    const cJSON *maintenance = picture_get(picture_get(document, "node"), "maintenance");

    live_disarm(document);
    if (!call->on)
        printf("%s/%s is no longer in maintenance\n", entry->cluster, entry->node);
    else if (cJSON_IsString(picture_get(maintenance, "until")))
        printf("%s/%s is in maintenance until %s: %s\n", entry->cluster, entry->node,
               picture_text(maintenance, "until"), picture_text(maintenance, "reason"));
    else
        printf("%s/%s is in maintenance until it is ended: %s\n", entry->cluster, entry->node,
               picture_text(maintenance, "reason"));
    cJSON_Delete(document);
}

static void set(struct call *call, time_t until)
{
    struct directory_entry entry;
    struct client_answer answer;
    char path[LIVE_PATH_MAX];
    char problem[CLIENT_PROBLEM_MAX];
    char *body = call->on ? body_of(call, until) : NULL;
    int code;

    if (live_find_node(&call->live, call->node, &entry)) {
        live_path(&entry, "/maintenance", path);
        client_ask(call->live.client, call->on ? "POST" : "DELETE", path, body, &answer);
        call->live.code = EXIT_DONE;
        if (answer.status == 200) {
            tell(call, &entry, &answer);
        } else {
            cJSON_Delete(live_document(&answer, problem, &code));
            live_complain(&call->live, code, "%s", problem);
        }
    }
    free(body);
}

/* Gives EXIT_DONE when the call can be carried out. */
static int check(struct call *call, time_t *ret_until)
{
    if (call->on && (!call->reason || !*call->reason))
        return command_misused(&command_maint, "--reason TEXT is expected: others will ask");
    if (!call->on && (call->reason || call->until))
        return command_misused(&command_maint, "--reason and --until go with on");
    if (call->until && !until_parse(call->until, time(NULL), ret_until))
        return command_misused(&command_maint, "--until %s: " UNTIL_EXPECTED, call->until);
    return token_check(&call->live);
}

static int carry_out(struct call *call)
{
    time_t until = 0;
    int code = check(call, &until);

    if (code != EXIT_DONE)
        return code;
    if (live_open(&call->live))
        set(call, until);
    live_close(&call->live);
    return call->live.code;
}

static void take(struct call *call, int option, const char *value)
{
    if (option == REASON)
        call->reason = value;
    else if (option == UNTIL)
        call->until = value;
    else
        live_option(&call->live, option, value);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {LIVE_OPTIONS,
                                            {"reason", required_argument, NULL, REASON},
                                            {"until", required_argument, NULL, UNTIL},
                                            TOKEN_OPTION,
                                            {NULL, 0, NULL, 0}};
    struct call call = {.live = {.command = &command_maint}};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_maint);
        if (option == '?')
            return command_option_misused(&command_maint, argv);
        take(&call, option, optarg);
    }
    const char *verb = argc - optind == 2 ? argv[optind] : "";
    call.on = strcmp(verb, "on") == 0;
    if (!call.on && strcmp(verb, "off") != 0)
        return command_misused(&command_maint, "on or off, and a node, are expected");
    call.node = argv[optind + 1];
    return carry_out(&call);
}

const struct command command_maint = {
    .name = "maint",
    .arguments =
        "on|off [CLUSTER/]NODE [--reason TEXT] [--until WHEN]" TOKEN_ARGUMENT LIVE_ARGUMENTS,
    .about = "Say that a node is being worked on, or no longer",
    .help =
        "  --reason TEXT  why; on needs it\n"
        "  --until WHEN   when it ends by itself: a span (90m, 1h30m, 2d), a time of the clock\n"
        "                 here (06:00), or RFC 3339; without it, by off alone\n" TOKEN_HELP
            LIVE_HELP "\n"
        "Exit codes: 0 done; 2 wrong usage, or no such node; 3 the server was not reached, or\n"
        "refuses.\n",
    .run = run,
};
