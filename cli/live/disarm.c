/*
 * disarm.c - texts of strangers.
 */
#include "disarm.h"

#include <string.h>

void disarm(char *text, const char *harmless)
{
    for (; text && *text; text++) {
        unsigned char byte = (unsigned char)text[0], next = (unsigned char)text[1];

        if (byte == 0xc2 && next >= 0x80 && next <= 0x9f)
            text[0] = text[1] = '?';
        else if (byte == 127 || (byte < ' ' && !strchr(harmless, byte)))
            text[0] = '?';
    }
}
