/*
 * heartbeat_key.c - the shared key, and HMAC-SHA256 with it.
 */
#include "heartbeat_wire.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_MIN 16
#define KEY_MAX 4096

struct wire_key {
    EVP_MAC_CTX *mac; /* initialised with the key; each HMAC begins it anew */
};

struct wire_key *wire_key_create(const void *bytes, size_t size)
{
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };

    if (size < KEY_MIN)
        return NULL;
    struct wire_key *key = calloc(1, sizeof *key);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (key && hmac)
        key->mac = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    if (!key || !key->mac || EVP_MAC_init(key->mac, bytes, size, parameters) != 1) {
        wire_key_destroy(key);
        return NULL;
    }
    return key;
}

void wire_key_destroy(struct wire_key *key)
{
    if (!key)
        return;
    EVP_MAC_CTX_free(key->mac);
    free(key);
}

bool wire_mac(const struct wire_key *key, const char *text, size_t length,
              unsigned char ret_mac[WIRE_MAC_SIZE])
{
    size_t size = 0;
    return EVP_MAC_init(key->mac, NULL, 0, NULL) == 1 &&
           EVP_MAC_update(key->mac, (const unsigned char *)text, length) == 1 &&
           EVP_MAC_final(key->mac, ret_mac, &size, WIRE_MAC_SIZE) == 1 && size == WIRE_MAC_SIZE;
}

static void say(health_remark *remark, void *context, const char *path, const char *what)
{
    char text[512];
    snprintf(text, sizeof text, "key file %s: %s", path, what);
    remark(context, HEALTH_NODE_NONE, text);
}

/* People end files with a newline that is not meant to be part of the key. */
static size_t without_newline(const char *bytes, size_t size)
{
    if (size && bytes[size - 1] == '\n')
        size--;
    if (size && bytes[size - 1] == '\r')
        size--;
    return size;
}

struct wire_key *wire_key_read(const char *path, health_remark *remark, void *context)
{
    char bytes[KEY_MAX + 1];
    struct stat status;
    struct wire_key *key = NULL;
    FILE *file = fopen(path, "rbe");

    if (!file) {
        say(remark, context, path, strerror(errno));
        return NULL;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    if (ferror(file)) {
        say(remark, context, path, strerror(errno));
    } else if (size > KEY_MAX) {
        say(remark, context, path, "is longer than 4096 bytes: is it a key?");
    } else if (without_newline(bytes, size) < KEY_MIN) {
        say(remark, context, path,
            "is shorter than 16 bytes; make one with: head -c 32 /dev/urandom | base64");
    } else {
        key = wire_key_create(bytes, without_newline(bytes, size));
        if (!key)
            say(remark, context, path, "cannot be used: the cryptographic library has no HMAC");
        else if (fstat(fileno(file), &status) == 0 && status.st_mode & S_IROTH)
            say(remark, context, path, "everybody on this machine can read it: chmod o-rwx it");
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
    fclose(file);
    return key;
}
