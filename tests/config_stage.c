/*
 * config_stage.c - configurations read from texts.
 */
#include "config_stage.h"

#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void stage_say(void *context, bool error, const char *text)
{
    struct said *said = context;
    size_t skip = said->path ? strlen(said->path) + 1 : 0;
    size_t length = strlen(said->text);
    snprintf(said->text + length, sizeof said->text - length, "%s\n", text + skip);
    *(error ? &said->errors : &said->warnings) += 1;
}

bool stage_read(const char *text, enum config_use use, struct config *config, struct said *said)
{
    char path[SCRATCH_SIZE];

    *said = (struct said){.path = path};
    scratch_file(path, "config", text, strlen(text));
    bool good = config_read(path, use, stage_say, said, config);
    unlink(path);
    cr_expect_eq(good, said->errors == 0, "%s", said->text);
    return good;
}
