/*
 * cmd_trace.c - healthctl trace: look into traces, and change their form.
 */
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <healthd/trace.h>
#include <string.h>
#include <sys/stat.h>

static void print_note(void *context, enum health_trace_severity severity, const char *text)
{
    (void)severity;
    fprintf(stderr, "%s: %s\n", (const char *)context, text);
}

static struct health_trace_reader *open_trace(char *path)
{
    const struct health_trace_options options = {.note = print_note, .context = path};
    return health_trace_open(path, &options);
}

struct counts {
    uint64_t witnesses[HEALTH_CLUSTER_NODES_MAX][HEALTH_WITNESS_COUNT];
    uint64_t entries;
    uint64_t marks;
    int64_t first_ns;
    int64_t last_ns;
};

static void count_entries(struct health_trace_reader *reader, struct counts *counts)
{
    struct health_trace_entry entry;

    memset(counts, 0, sizeof *counts);
    while (health_trace_next(reader, &entry) != HEALTH_TRACE_END) {
        if (counts->entries++ == 0)
            counts->first_ns = entry.at_ns;
        if (entry.at_ns > counts->last_ns)
            counts->last_ns = entry.at_ns;
        if (entry.kind == HEALTH_TRACE_MARK)
            counts->marks++;
        else
            counts->witnesses[entry.observation.node][entry.observation.witness]++;
    }
}

static int info(char *path)
{
    struct health_trace_reader *reader = open_trace(path);
    struct counts counts;

    if (!reader)
        return EXIT_USAGE;
    const struct health_trace_header *header = health_trace_header(reader);
    count_entries(reader, &counts);
    printf("form        %s\n", health_trace_is_binary(reader) ? "binary" : "JSON Lines");
    if (header->scenario[0])
        printf("scenario    %s\n", header->scenario);
    if (header->about[0])
        printf("about       %s\n", header->about);
    printf("cluster     %s, %u nodes expected\n", header->cluster, header->expected_size);
    printf("cadence     probe %u ms, timeout %u ms, heartbeat %u ms\n", header->probe_interval_ms,
           header->probe_timeout_ms, header->heartbeat_interval_ms);
    printf("entries     %llu in %.3f s, %llu marks, %llu problems\n",
           (unsigned long long)counts.entries,
           (double)(counts.last_ns - counts.first_ns) / (double)HEALTH_NS_PER_S,
           (unsigned long long)counts.marks, (unsigned long long)health_trace_problems(reader));
    printf("t_us        %lld to %lld\n", (long long)(counts.first_ns / HEALTH_NS_PER_US),
           (long long)(counts.last_ns / HEALTH_NS_PER_US));
    for (uint32_t i = 0; i < header->node_count; i++)
        printf("node        %-10s %llu probes, %llu link events, %llu heartbeats\n",
               header->nodes[i], (unsigned long long)counts.witnesses[i][HEALTH_WITNESS_PROBE],
               (unsigned long long)counts.witnesses[i][HEALTH_WITNESS_LINK],
               (unsigned long long)counts.witnesses[i][HEALTH_WITNESS_AGENT]);
    health_trace_close(reader);
    return EXIT_DONE;
}

static int copy(struct health_trace_reader *reader, FILE *stream, const char *to)
{
    struct health_trace_entry entry;
    struct health_trace_writer *writer = health_trace_write_begin(
        stream, !health_trace_is_binary(reader), health_trace_header(reader));

    while (writer && health_trace_next(reader, &entry) != HEALTH_TRACE_END)
        health_trace_write(writer, &entry);
    bool good = health_trace_write_end(writer);
    if (!good && stream != stdout) /* main() looks after that one */
        fprintf(stderr, "%s: cannot be written: %s\n", to, strerror(errno));
    return good ? EXIT_DONE : EXIT_USAGE;
}

/* A file is not overwritten; a device or a pipe is there to be written to. */
static FILE *create(const char *path)
{
    struct stat status;
    FILE *stream = fopen(path, "wbx");

    if (!stream && errno == EEXIST && stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return fopen(path, "wb");
    return stream;
}

static int convert(char *from, const char *to)
{
    struct health_trace_reader *reader = open_trace(from);
    if (!reader)
        return EXIT_USAGE;
    bool to_stdout = strcmp(to, "-") == 0;
    FILE *stream = to_stdout ? stdout : create(to);
    int result = EXIT_USAGE;
    if (!stream)
        fprintf(stderr, "%s: cannot be created: %s\n", to, strerror(errno));
    else
        result = copy(reader, stream, to);
    if (stream && !to_stdout && fclose(stream) != 0) {
        fprintf(stderr, "%s: cannot be written: %s\n", to, strerror(errno));
        result = EXIT_USAGE;
    }
    health_trace_close(reader);
    return result;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int option = getopt_long(argc, argv, "h", options, NULL);

    if (option == 'h')
        return command_help(&command_trace);
    if (option != -1)
        return command_option_misused(&command_trace, argv);
    argc -= optind;
    argv += optind;
    if (argc == 2 && strcmp(argv[0], "info") == 0)
        return info(argv[1]);
    if (argc == 3 && strcmp(argv[0], "convert") == 0)
        return convert(argv[1], argv[2]);
    return command_misused(&command_trace, "info with a trace, or convert with two, is expected");
}

const struct command command_trace = {
    .name = "trace",
    .arguments = "info TRACE | convert FROM TO",
    .about = "Look into a trace, or convert it between JSON Lines and binary",
    .help = "  info      what the trace holds\n"
            "  convert   write FROM in the other form to TO, which must not exist yet, or be a\n"
            "            device or a pipe; - is standard input or output. The binary form keeps\n"
            "            what the engine reads: keys it does not use are left out\n",
    .run = run,
};
