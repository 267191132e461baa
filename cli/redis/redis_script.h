/*
 * redis_script.h - the texts of redis_report.lua and redis_lease.lua.
 */
#ifndef HEALTHD_CLI_REDIS_SCRIPT_H
#define HEALTHD_CLI_REDIS_SCRIPT_H

extern const char redis_script[];
extern const char redis_lease_script[];

#endif
