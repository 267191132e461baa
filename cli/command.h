/*
 * command.h - what a healthctl command is, and the exit codes they share.
 */
#ifndef HEALTHD_CLI_COMMAND_H
#define HEALTHD_CLI_COMMAND_H

/* 0: done. 1: an expectation is broken, a strict reading found a problem, or not all is green. 2: the call or its input
 * cannot be used, or its output cannot be written. 3: a running healthd was not reached, or what it answers
 * cannot be used. */
enum { EXIT_DONE = 0, EXIT_BROKEN = 1, EXIT_USAGE = 2, EXIT_SERVER = 3 };

struct command {
    const char *name;
    const char *arguments;
    const char *about;
    const char *help; /* options and examples */
    int (*run)(int argc, char **argv);
};

extern const struct command command_status, command_why, command_events, command_matrix,
    command_check, command_maint, command_diagnose, command_acknowledge, command_recover,
    command_check_config, command_replay, command_rules, command_trace, command_task;

/* Say what is wrong with a call of `command` and how it is called; gives EXIT_USAGE. */
int command_misused(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for an option that getopt_long() did not take, just after it said so. */
int command_option_misused(const struct command *command, char **argv);

/* Print a command's help; gives EXIT_DONE. */
int command_help(const struct command *command);

#endif
