/*
 * cmd_check_config.c - healthctl check-config: what healthd --check-config says, where no healthd is.
 */
#include "command.h"
#include "config_report.h"

#include <getopt.h>

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct config config;
    int option = getopt_long(argc, argv, "h", options, NULL);

    if (option == 'h')
        return command_help(&command_check_config);
    if (option != -1)
        return command_option_misused(&command_check_config, argv);
    if (argc - optind != 1)
        return command_misused(&command_check_config, "one file is expected");
    bool good = config_read(argv[optind], CONFIG_FOR_DAEMON, config_print_mistake, NULL, &config);
    if (good)
        config_print_good(argv[optind], &config);
    config_clear(&config);
    return good ? EXIT_DONE : CONFIG_EXIT_UNUSABLE;
}

const struct command command_check_config = {
    .name = "check-config",
    .arguments = "FILE",
    .about = "Say everything that is wrong with a configuration of healthd",
    .help = "The same as healthd --check-config: files of secrets must be readable here, too.\n\n"
            "Exit codes: 0 it can be used; 2 wrong usage; 78 it cannot be used.\n",
    .run = run,
};
