/*
 * config_private.h - what the two ways of giving a configuration share.
 */
#ifndef HEALTHD_CLI_CONFIG_PRIVATE_H
#define HEALTHD_CLI_CONFIG_PRIVATE_H

#include "config.h"
#include "notes.h"

#define CONFIG_USER "healthd"
#define CONFIG_MYSQL_PORT 3306
#define CONFIG_LISTEN_NONE "none"
#define CONFIG_INTERVAL_MAX_MS UINT32_C(3600000)

/* Copy a text (its first `length` bytes) into the configuration. NULL: memory is short. */
const char *config_keep(struct config *config, const char *text, size_t length);

/* Begin with nothing said. */
void config_init(struct config *config);

/* Note what is wrong with the whole; give every key that was not said its default, if it is for the
 * daemon. */
void config_check(struct config *config, enum config_use use, struct notes *notes);

/* Give every key that was not said its default. */
void config_fill(struct config *config);

/* ---- config_handlers.c ---- */

void config_check_handlers(const struct config *config, struct notes *notes);
void config_fill_handlers(struct config *config);
void config_clear_handlers(struct config *config);

#endif
