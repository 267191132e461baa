/*
 * uuid.c - UUIDs to and from their text of 36 characters.
 */
#include <healthd/uuid.h>

#include <stdio.h>
#include <string.h>

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool uuid_parse(const char *text, struct health_uuid *ret_uuid)
{
    uint64_t halves[2] = {0, 0};
    unsigned digits = 0;

    if (strlen(text) != 36)
        return false;
    for (unsigned i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        int value = hex_value(text[i]);
        if (dash ? text[i] != '-' : value < 0)
            return false;
        if (!dash) {
            halves[digits / 16] = halves[digits / 16] << 4 | (uint64_t)value;
            digits++;
        }
    }
    *ret_uuid = (struct health_uuid){halves[0], halves[1]};
    return true;
}

void uuid_format(const struct health_uuid *uuid, char text[UUID_TEXT_SIZE])
{
    snprintf(text, UUID_TEXT_SIZE, "%08llx-%04llx-%04llx-%04llx-%012llx",
             (unsigned long long)(uuid->hi >> 32), (unsigned long long)(uuid->hi >> 16 & 0xffff),
             (unsigned long long)(uuid->hi & 0xffff), (unsigned long long)(uuid->lo >> 48),
             (unsigned long long)(uuid->lo & UINT64_C(0xffffffffffff)));
}
