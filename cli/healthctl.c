/*
 * healthctl - ask a running healthd, replay traces, explain verdicts, print the rules.
 */
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_status,  &command_why,          &command_events,   &command_matrix,
    &command_check,   &command_maint,        &command_diagnose, &command_acknowledge,
    &command_recover, &command_check_config, &command_replay,   &command_rules,
    &command_task,    &command_trace};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

int command_help(const struct command *command)
{
    printf("usage: healthctl %s %s\n\n%s.\n\n%s", command->name, command->arguments, command->about,
           command->help);
    return EXIT_DONE;
}

int command_misused(const struct command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "healthctl %s: ", command->name);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\nusage: healthctl %s %s\n'healthctl %s --help' says more\n", command->name,
            command->arguments, command->name);
    va_end(arguments);
    return EXIT_USAGE;
}

int command_option_misused(const struct command *command, char **argv)
{
    const char *word = argv[optind - 1];
    char letter[] = {'-', (char)optopt, '\0'};

    if (word[0] != '-' || word[1] != '-')
        word = letter; /* one of several behind one dash */
    return command_misused(
        command, "%s: there is no such option, or a value is expected behind it, or none", word);
}

static int help(FILE *stream)
{
    fputs(
        "usage: healthctl COMMAND ...\n\n"
        "Ask a running healthd about MySQL Galera clusters, replay what was recorded of them, and\n"
        "explain the verdicts.\n\n",
        stream);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(stream, "  %-13s %s\n", commands[i]->name, commands[i]->about);
    fputs("\n'healthctl COMMAND --help' says more.\n"
          "Exit codes: 0 done; 1 an expectation is broken, or a cluster is not green; 2 wrong "
          "usage,\n"
          "unusable input, or output that cannot be written; 3 the server was not reached, or its\n"
          "answer cannot be used. check and check-config have their own.\n"
          "Colours are off when the output is no terminal, or when NO_COLOR is set.\n"
          "HEALTHD_SERVER says which healthd is asked (default http://127.0.0.1:9200).\n",
          stream);
    return stream == stdout ? EXIT_DONE : EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    if (argc < 2)
        return help(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return help(stdout);
    if (strcmp(argv[1], "--version") == 0) {
        puts("healthctl " HEALTHD_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(argc - 1, argv + 1);
    fprintf(stderr, "healthctl: there is no command \"%s\"\n\n", argv[1]);
    return help(stderr);
}

int main(int argc, char **argv)
{
    opterr = 0; /* commands say themselves what is wrong, and how they are called */
    int code = run(argc, argv);

    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "healthctl: standard output cannot be written%s%s\n", errno ? ": " : "",
                errno ? strerror(errno) : "");
        return EXIT_USAGE;
    }
    return code;
}
