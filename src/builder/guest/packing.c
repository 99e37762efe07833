/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/packing.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "diag.h"
#include "hooks/gzip.h"

static bool begins_with(const uint8_t *data, size_t size, const char *magic,
                        size_t len)
{
    return size >= len && !memcmp(data, magic, len);
}

struct packing {
    const char *name;
    const char *unpack; /* the program that does it */
    const char *magic;
    size_t len;
};

/* Those that Linux' build knows (scripts/Makefile.lib), and zlib's. */
static const struct packing packings[] = {
    {"gzip", "gunzip", "\037\213", 2},
    {"bzip2", "bunzip2", "BZh", 3},
    {"xz", "unxz", "\3757zXZ", 6},
    {"lzma", "unlzma", "\135\0\0", 3},
    {"lzo", "lzop -d", "\211LZO", 4},
    {"lz4", "unlz4", "\002\041\114\030", 4},
    {"lz4", "unlz4", "\004\042\115\030", 4},
    {"zstd", "unzstd", "\050\265\057\375", 4},
    {"zlib", "zlib-flate -uncompress", "\170\001", 2},
    {"zlib", "zlib-flate -uncompress", "\170\234", 2},
    {"zlib", "zlib-flate -uncompress", "\170\332", 2},
};

/* NULL: none of them. */
static const struct packing *find_packing(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++)
        if (begins_with(data, size, packings[i].magic, packings[i].len))
            return &packings[i];
    return NULL;
}

/* ---- gzip ---- */

/* libxenguest takes that much more room than it unpacks: xc_dom_check_gzip().
 */
#define GZIP_ROOM 16

static void gzip_fault(const uint8_t *data, size_t size, char *out, size_t len)
{
    struct gzip gzip;

    gzip_look(data, size, XC_DOM_DECOMPRESS_MAX - GZIP_ROOM, &gzip);
    switch (gzip.state) {
    case GZIP_CUT:
        snprintf(out, len, "truncated gzip data");
        break;
    case GZIP_PADDED:
    case GZIP_MORE:
        snprintf(out, len,
                 "%" PRIu64 " bytes stand behind the gzip data, where "
                 "libxenguest looks for its unpacked size",
                 gzip.behind);
        break;
    case GZIP_WHOLE:
        snprintf(out, len, "no ELF image in the gzip data");
        break;
    case GZIP_LARGE:
        snprintf(out, len,
                 "the gzip data unpacks to more than 1 GiB, which is all that "
                 "libxenguest takes");
        break;
    case GZIP_DAMAGED:
    case GZIP_NOT:
        snprintf(out, len, "the gzip data is damaged");
        break;
    }
}

/* ---- bzImage ---- */

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* Linux' boot protocol (arch/x86/boot.rst): where a header's fields are. */
#define BOOT_SETUP_SECTS    0x1f1
#define BOOT_MAGIC          0x202
#define BOOT_VERSION        0x206
#define BOOT_PAYLOAD_OFFSET 0x248
#define BOOT_PAYLOAD_LENGTH 0x24c
#define BOOT_HEADER_END     0x250

/* The first that tells of the payload. */
#define BOOT_VERSION_PAYLOAD 0x208

bool packing_is_bzimage(const void *file, size_t size)
{
    return size >= BOOT_VERSION + 2 &&
           !memcmp((const uint8_t *)file + BOOT_MAGIC, "HdrS", 4);
}

static void gzip_in_bzimage(const uint8_t *data, size_t size, char *out,
                            size_t len)
{
    static const char prefix[] = "a bzImage: ";
    size_t used = sizeof(prefix) - 1;

    snprintf(out, len, "%s", prefix);
    if (used < len)
        gzip_fault(data, size, out + used, len - used);
}

/* libxenguest's words begin with the name of one of its functions, or not. */
static const char *without_function(const char *text)
{
    const char *colon = strstr(text, ": ");

    return colon && memmem(text, (size_t)(colon - text), "xc_", 3) ? colon + 2
                                                                   : text;
}

/*
 * libxenguest tells a packing that it was built without from one that failed,
 * and of some what the library in question says.
 */
static void payload_fault(const uint8_t *data, size_t size,
                          const struct diag *said, char *out, size_t len)
{
    const struct packing *packing = find_packing(data, size);
    const char *detail = without_function(said->detail);

    if (!packing || !strcmp(packing->name, "zlib"))
        snprintf(out, len,
                 "a bzImage packed in a way that libxenguest does not know");
    else if (!strcmp(packing->name, "gzip"))
        gzip_in_bzimage(data, size, out, len);
    else if (strstr(said->cause, "support unavailable"))
        snprintf(
            out, len,
            "a bzImage packed with %s, which this libxenguest cannot "
            "unpack: it was built without; unpack it, or pack it with gzip",
            packing->name);
    else
        snprintf(out, len,
                 "a bzImage whose %s data is damaged or not for libxenguest"
                 "%s%s%s",
                 packing->name, *detail ? " (" : "", detail,
                 *detail ? ")" : "");
}

static void bzimage_fault(const uint8_t *file, size_t size,
                          const struct diag *said, char *out, size_t len)
{
    unsigned int version = file[BOOT_VERSION] | file[BOOT_VERSION + 1] << 8;
    uint64_t at, bytes, there;

    if (version < BOOT_VERSION_PAYLOAD) {
        snprintf(out, len,
                 "a bzImage of protocol %u.%02u: 2.08 (Linux 2.6.26) is the "
                 "oldest that can be unpacked",
                 version >> 8, version & 0xff);
        return;
    }
    if (size < BOOT_HEADER_END) {
        snprintf(out, len, "a truncated bzImage");
        return;
    }
    at = (file[BOOT_SETUP_SECTS] + 1) * UINT64_C(512) +
         le32(file + BOOT_PAYLOAD_OFFSET);
    bytes = le32(file + BOOT_PAYLOAD_LENGTH);
    there = at < size ? size - at : 0;
    if (there < bytes || !there)
        snprintf(out, len,
                 "a truncated bzImage: its payload has %" PRIu64
                 " bytes, %" PRIu64 " of which are there",
                 bytes, there);
    else
        payload_fault(file + at, bytes, said, out, len);
}

/* ---- all of it ---- */

void packing_fault(const void *file, size_t size, const struct diag *said,
                   char *out, size_t len)
{
    const struct packing *packing = find_packing(file, size);

    if (packing_is_bzimage(file, size))
        bzimage_fault(file, size, said, out, len);
    else if (packing && !strcmp(packing->name, "gzip"))
        gzip_fault(file, size, out, len);
    else if (packing)
        snprintf(out, len,
                 "packed with %s: outside of a bzImage only gzip is unpacked; "
                 "%s it",
                 packing->name, packing->unpack);
    else if (begins_with(file, size, "MZ", 2))
        snprintf(out, len,
                 "an EFI program, neither an ELF image nor a bzImage");
    else if (begins_with(file, size, "\177ELF", 4))
        snprintf(out, len, "a damaged or truncated ELF image");
    else
        snprintf(out, len,
                 "not an ELF image, nor one packed in a way libxenguest knows");
}
