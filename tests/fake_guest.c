/*
 * fake_guest.c - those who are connected to the fakes of a house.
 */
#include "fake_guest.h"

#include "fake_wire.h"

#include <errno.h>
#include <healthd/observer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DRIP_NS (100 * HEALTH_NS_PER_MS)

struct guest {
    struct guest *next;
    struct guest **link; /* what points at this one */
    struct fake_mysqld *fake;
    int fd;
    bool logged_in;
    bool asked; /* and not answered */
    bool drips;
    bool floods;
    bool ends; /* when all is said */
    unsigned answers;
    int64_t due_ns; /* when what is to be said is said; 0: nothing is */
    size_t said;
    struct fake_text text;
    uint8_t heard[2048];
    size_t heard_length;
};

static struct guest *guests; /* who has something to say comes first, mostly */
static int speaking;

/* ---- Saying ---- */

static void link_first(struct guest *guest)
{
    guest->next = guests;
    guest->link = &guests;
    if (guests)
        guests->link = &guest->next;
    guests = guest;
}

static void take_out(struct guest *guest)
{
    *guest->link = guest->next;
    if (guest->next)
        guest->next->link = guest->link;
}

static void say_at(struct guest *guest, int64_t due_ns)
{
    speaking += (due_ns != 0) - (guest->due_ns != 0);
    guest->due_ns = due_ns;
}

static void guest_end(struct guest *guest, bool by_reset)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    if (by_reset)
        setsockopt(guest->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(guest->fd);
    say_at(guest, 0);
    guest->fake->open--;
    guest->fake->unanswered -= guest->asked;
    take_out(guest);
    free(guest);
}

static void say(struct guest *guest)
{
    int64_t delay_ns = (int64_t)guest->fake->delay_ms * HEALTH_NS_PER_MS;
    guest->said = 0;
    say_at(guest, health_clock_ns() + delay_ns);
    take_out(guest);
    link_first(guest);
}

/* Say what is due. False: the guest has ended. */
static bool go_on(struct guest *guest, int64_t now_ns)
{
    if (!guest->due_ns || now_ns < guest->due_ns)
        return true;
    size_t size = guest->text.length - guest->said;
    if (guest->drips && size > 1)
        size = 1;
    ssize_t sent = send(guest->fd, guest->text.bytes + guest->said, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        guest_end(guest, false);
        return false;
    }
    guest->said += sent > 0 ? (size_t)sent : 0;
    if (guest->said < guest->text.length) {
        say_at(guest, guest->drips ? now_ns + DRIP_NS : now_ns);
        return true;
    }
    if (guest->floods) {
        guest->said = 0;
        guest->text.length = 0;
        fake_say_rows(&guest->text);
        return true;
    }
    say_at(guest, 0);
    guest->fake->unanswered -= guest->asked;
    guest->answers += guest->asked;
    guest->asked = false;
    int most = guest->fake->close_after;
    if (guest->ends || (most && guest->answers >= (unsigned)most)) {
        guest_end(guest, false);
        return false;
    }
    return true;
}

static void say_garbage(struct fake_text *text)
{
    text->length = 0;
    for (unsigned i = 0; i < 64; i++)
        text->bytes[text->length++] = (uint8_t)(0xd7 * (i + 3));
}

/* The head of a packet of 16 MB, and a little of it. */
static void say_huge(struct guest *guest, uint8_t sequence)
{
    const uint8_t head[] = {0xff, 0xff, 0xff, sequence};
    memset(guest->text.bytes, 'x', sizeof guest->text.bytes);
    memcpy(guest->text.bytes, head, sizeof head);
    guest->text.length = sizeof guest->text.bytes;
    guest->drips = true;
}

/* ---- Hearing ---- */

static bool starts(const char *sql, const char *with)
{
    return strncmp(sql, with, strlen(with)) == 0;
}

static unsigned times_in(const char *text, const char *part)
{
    unsigned times = 0;
    while ((text = strstr(text, part))) {
        times++;
        text += strlen(part);
    }
    return times;
}

static void answer_well(struct guest *guest, const char *sql, bool ready)
{
    static const char not_ready[] = "WSREP has not yet prepared node for application use";
    struct fake_text *text = &guest->text;
    bool of_members = strstr(sql, "node_uuid, node_name FROM mysql.wsrep_cluster_members");

    if (starts(sql, "SET SESSION wsrep_sync_wait"))
        fake_say_ok(text);
    else if (!ready && !starts(sql, "SHOW") && (!starts(sql, "SELECT @@") || of_members))
        fake_say_error(text, 1047, "08S01", not_ready);
    else if (starts(sql, "DO 1"))
        fake_say_ok(text);
    else if (starts(sql, "SHOW GLOBAL STATUS"))
        fake_say_status(text);
    else if (starts(sql, "SHOW GLOBAL VARIABLES"))
        fake_say_variables(text);
    else if (of_members)
        fake_say_members(text, times_in(sql, "@@"));
    else if (starts(sql, "SELECT @@"))
        fake_say_values(text, times_in(sql, "@@"));
    else {
        guest->fake->strange++;
        fake_say_error(text, 1064, "42000", "You have an error in your SQL syntax");
    }
    say(guest);
}

/* False: the guest has ended. */
static bool answer(struct guest *guest, const char *sql)
{
    struct fake_mysqld *fake = guest->fake;
    bool view = starts(sql, "SHOW GLOBAL STATUS");

    fake->unanswered++;
    if (fake->unanswered > fake->most_unanswered)
        fake->most_unanswered = fake->unanswered;
    guest->asked = true;
    fake->light += starts(sql, "DO 1");
    fake->views += view;
    guest->text.sequence = 1;
    guest->text.length = 0;
    switch (+fake->manner) { /* its value: an atomic cannot be switched on by every compiler */
    case FAKE_DEAF:
        break;
    case FAKE_CLOSES_ASKED:
    case FAKE_RESETS_ASKED:
        guest_end(guest, fake->manner == FAKE_RESETS_ASKED);
        return false;
    case FAKE_GARBAGE_ASKED:
        say_garbage(&guest->text);
        say(guest);
        break;
    case FAKE_HUGE_ASKED:
        say_huge(guest, 1);
        say(guest);
        break;
    case FAKE_SHUTS_DOWN:
        fake_say_error(&guest->text, 1053, "08S01", "Server shutdown in progress");
        guest->ends = true;
        say(guest);
        break;
    case FAKE_VIEW_HANGS:
        if (!view)
            answer_well(guest, sql, true);
        break;
    case FAKE_FLOODS:
        if (!view) {
            answer_well(guest, sql, true);
            break;
        }
        fake_say_columns(&guest->text, 2);
        guest->floods = true;
        say(guest);
        break;
    case FAKE_BREAKS_OFF:
        if (!view) {
            answer_well(guest, sql, true);
            break;
        }
        fake_say_begun(&guest->text);
        fake_say_error(&guest->text, 1969, "70100", "Query execution was interrupted");
        say(guest);
        break;
    default:
        answer_well(guest, sql, fake->manner != FAKE_NOT_READY);
        break;
    }
    return true;
}

/* Does a login packet answer the fakes' salt with the word "secret"? As mysql_native_password does: SHA1(word) xor
 * SHA1(salt, SHA1(SHA1(word))). */
static bool word_is_right(const uint8_t *body, size_t length)
{
    static const uint8_t right[] = {0x4f, 0x15, 0x22, 0xd6, 0xeb, 0x54, 0x73, 0x7e, 0xda, 0x41,
                                    0x3b, 0x3e, 0x21, 0x9c, 0xa6, 0xca, 0xeb, 0xe3, 0xdf, 0x2c};
    size_t at = 32; /* capabilities, most, character set, filler */
    while (at < length && body[at])
        at++; /* the user's name */
    return at + 1 + sizeof right < length && body[at + 1] == sizeof right &&
           memcmp(body + at + 2, right, sizeof right) == 0;
}

static void log_in(struct guest *guest, const uint8_t *body, size_t length, uint8_t sequence)
{
    struct fake_mysqld *fake = guest->fake;

    if (fake->manner == FAKE_STALLS_IN_TLS && length == 32)
        return; /* it asks for TLS */
    guest->text.length = 0;
    guest->text.sequence = (uint8_t)(sequence + 1);
    if (fake->manner == FAKE_WANTS_WORD && !word_is_right(body, length)) {
        fake_say_error(&guest->text, 1045, "28000", "Access denied for user 'probe'@'localhost'");
        guest->ends = true;
        fake->denied++;
    } else {
        fake_say_ok(&guest->text);
        guest->logged_in = true;
    }
    say(guest);
}

/* One packet of the guest's. False: it has ended. */
static bool hear_packet(struct guest *guest, uint8_t *body, size_t length, uint8_t sequence)
{
    char sql[sizeof guest->heard + 1];

    if (!guest->logged_in) {
        log_in(guest, body, length, sequence);
        return true;
    }
    if (body[0] == 1) { /* COM_QUIT */
        guest->fake->quits++;
        guest_end(guest, false);
        return false;
    }
    if (body[0] != 3) { /* COM_QUERY */
        guest->fake->strange++;
        return true;
    }
    memcpy(sql, body + 1, length - 1);
    sql[length - 1] = '\0';
    return answer(guest, sql);
}

void fake_guest_hear(struct guest *guest)
{
    ssize_t size = recv(guest->fd, guest->heard + guest->heard_length,
                        sizeof guest->heard - guest->heard_length, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0) {
        guest_end(guest, false);
        return;
    }
    guest->heard_length += (size_t)size;
    while (guest->heard_length >= 4) {
        const uint8_t *head = guest->heard;
        size_t length = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
        if (guest->heard_length < 4 + length)
            return;
        uint8_t sequence = head[3];
        if (!hear_packet(guest, guest->heard + 4, length, sequence))
            return;
        guest->heard_length -= 4 + length;
        memmove(guest->heard, guest->heard + 4 + length, guest->heard_length);
    }
}

/* ---- Coming and going ---- */

/* False: it has been turned away. */
static bool greet(struct guest *guest)
{
    switch (+guest->fake->manner) {
    case FAKE_SILENT:
        return true;
    case FAKE_RESETS:
    case FAKE_HANGS_UP:
        guest_end(guest, guest->fake->manner == FAKE_RESETS);
        return false;
    case FAKE_GARBAGE:
        say_garbage(&guest->text);
        break;
    case FAKE_HUGE_PACKET:
        say_huge(guest, 0);
        break;
    case FAKE_TOO_MANY:
        fake_say_error(&guest->text, 1040, NULL, "Too many connections");
        guest->ends = true;
        break;
    default:
        guest->drips = guest->fake->manner == FAKE_DRIPS;
        fake_say_greeting(&guest->text, guest->fake->manner == FAKE_STALLS_IN_TLS);
        break;
    }
    say(guest);
    return true;
}

struct guest *fake_guest_take(struct fake_mysqld *fake, int fd)
{
    struct guest *guest = calloc(1, sizeof *guest);
    if (!guest)
        abort();
    guest->fake = fake;
    guest->fd = fd;
    link_first(guest);
    fake->connections++;
    fake->open++;
    return greet(guest) ? guest : NULL;
}

int fake_guests_speak(void)
{
    int64_t now_ns = health_clock_ns();
    int64_t earliest_ns = HEALTH_NEVER_NS;
    int left = speaking;
    struct guest *next;

    for (struct guest *guest = guests; guest && left; guest = next) {
        next = guest->next;
        left -= guest->due_ns != 0;
        if (go_on(guest, now_ns) && guest->due_ns && guest->due_ns < earliest_ns)
            earliest_ns = guest->due_ns;
    }
    if (earliest_ns == HEALTH_NEVER_NS)
        return -1;
    return earliest_ns <= now_ns ? 0 : (int)((earliest_ns - now_ns) / HEALTH_NS_PER_MS) + 1;
}

void fake_guests_end(void)
{
    struct guest *next;

    for (struct guest *guest = guests; guest; guest = next) {
        next = guest->next;
        if (guest->fake->to_end)
            guest_end(guest, guest->fake->to_end == 2);
    }
}
