/*
 * redis_script.h - the text of redis_report.lua.
 */
#ifndef HEALTHD_CLI_REDIS_SCRIPT_H
#define HEALTHD_CLI_REDIS_SCRIPT_H

extern const char redis_script[];

#endif
