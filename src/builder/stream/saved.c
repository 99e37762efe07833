/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The three formats around each other; records.c has what is in the inmost. */
#include "stream/saved.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "stream/records.h"

/* More than any configuration: xl itself sets no limit. */
#define CONFIG_MAX (UINT32_C(1) << 20)

/* More than there is before X86_PV_INFO: CPU policies, of 8 MiB at most. */
#define HEAD_MAX (4 * (uint64_t)RECORD_MAX)

int reader_fail(struct reader *reader, int rc, const char *fmt, ...)
{
    char what[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return diag_fail(reader->dg, DW_CONFIG, rc, "%s: at %#" PRIx64 ", %s: %s",
                     reader->name, reader->at, reader->record, what);
}

int reader_get(struct reader *reader, uint64_t at, size_t n, const void **from)
{
    int rc = source_get(reader->source, at, n, from);

    if (rc == -ENODATA)
        return reader_fail(reader, rc, "the stream is cut off");
    return rc ? diag_fail(reader->dg, DW_FAILED, rc, "reading %s: %s",
                          reader->name, strerror(-rc))
              : 0;
}

/* What is before `at` was right. */
static int done(struct reader *reader, uint64_t at)
{
    int rc = source_done(reader->source, at);

    return rc ? diag_fail(reader->dg, DW_FAILED, rc,
                          "handing %s to libxenguest: %s", reader->name,
                          strerror(-rc))
              : 0;
}

static void begin(struct reader *reader, uint64_t at, const char *record)
{
    reader->at = at;
    reader->record = record;
}

/* ---- xl's header ---- */

static int check_xl(struct reader *reader, const struct xl_header *header)
{
    if (header->byte_order != XL_BYTE_ORDER)
        return reader_fail(reader, -EINVAL, "another byte order");
    if (header->mandatory & ~(XL_IS_JSON | XL_IS_LIBXL2))
        return reader_fail(reader, -EINVAL,
                           "flags %#" PRIx32 ", of which "
                           "not all are known",
                           header->mandatory);
    if (!(header->mandatory & XL_IS_LIBXL2))
        return reader_fail(reader, -EOPNOTSUPP,
                           "the format of Xen 4.5 and before");
    if (header->optional_len < sizeof(uint32_t) ||
        header->optional_len > CONFIG_MAX)
        return reader_fail(reader, -EINVAL,
                           "a configuration of %" PRIu32 " bytes",
                           header->optional_len);
    return 0;
}

/* Another's is skipped. */
static int keep_assists(struct reader *reader, uint64_t at, uint32_t room)
{
    struct xl_assists assists;
    const void *from;
    int rc;

    if (room < sizeof(assists))
        return 0;
    rc = reader_get(reader, at, sizeof(assists), &from);
    if (rc)
        return rc;
    memcpy(&assists, from, sizeof(assists));
    if (memcmp(assists.magic, XL_ASSISTS_MAGIC, sizeof(assists.magic)) != 0)
        return 0;
    reader->saved->has_told = true;
    reader->saved->told_vm_assist = assists.vm_assist;
    return 0;
}

static int keep_config(struct reader *reader, uint64_t at, uint32_t room)
{
    struct saved *saved = reader->saved;
    const void *from;
    uint32_t length;
    int rc = reader_get(reader, at, sizeof(length), &from);

    if (rc)
        return rc;
    memcpy(&length, from, sizeof(length));
    if (length > room - sizeof(length))
        return reader_fail(reader, -EINVAL,
                           "a configuration of %" PRIu32 " bytes in %" PRIu32,
                           length, room);
    rc = reader_get(reader, at + sizeof(length), length, &from);
    if (rc)
        return rc;
    saved->config = malloc((size_t)length + 1);
    if (!saved->config)
        return reader_fail(reader, -ENOMEM, "out of memory");
    memcpy(saved->config, from, length);
    saved->config[length] = '\0';
    saved->config_len = length;
    return keep_assists(reader, at + sizeof(length) + length,
                        room - (uint32_t)sizeof(length) - length);
}

static int read_xl(struct reader *reader, uint64_t *at)
{
    struct xl_header header;
    const void *from;
    int rc;

    begin(reader, *at, "xl's header");
    rc = reader_get(reader, *at, sizeof(header), &from);
    if (rc)
        return rc;
    memcpy(&header, from, sizeof(header));
    rc = check_xl(reader, &header);
    if (rc)
        return rc;
    *at += sizeof(header);
    reader->saved->config_is_json = header.mandatory & XL_IS_JSON;
    rc = keep_config(reader, *at, header.optional_len);
    *at += header.optional_len;
    return rc;
}

/* ---- libxl's header and records ---- */

static int read_libxl_header(struct reader *reader, uint64_t *at)
{
    struct libxl_header header;
    const void *from;
    int rc;

    begin(reader, *at, "libxl's header");
    rc = reader_get(reader, *at, sizeof(header), &from);
    if (rc)
        return rc;
    memcpy(&header, from, sizeof(header));
    if (be64toh(header.ident_be) != LIBXL_IDENT)
        return reader_fail(reader, -EINVAL, "not libxl's format");
    if (be32toh(header.version_be) != LIBXL_VERSION)
        return reader_fail(reader, -EINVAL, "version %" PRIu32 ", not %u",
                           be32toh(header.version_be), LIBXL_VERSION);
    if (be32toh(header.options_be) & LIBXL_BIG_ENDIAN)
        return reader_fail(reader, -EINVAL, "another byte order");
    *at += sizeof(header);
    return 0;
}

static uint64_t padded(uint32_t length)
{
    return ((uint64_t)length + 7) & ~UINT64_C(7);
}

static int get_record(struct reader *reader, uint64_t at,
                      struct record_header *header)
{
    const void *from;
    int rc;

    begin(reader, at, "a record");
    rc = reader_get(reader, at, sizeof(*header), &from);
    if (!rc)
        memcpy(header, from, sizeof(*header));
    if (!rc && header->length > RECORD_MAX)
        rc = reader_fail(reader, -EINVAL,
                         "of type %#" PRIx32 " and %" PRIu32 " bytes, more "
                         "than any has",
                         header->type, header->length);
    return rc;
}

/* The body and its padding are there. */
static int pass(struct reader *reader, uint64_t *at, uint32_t length)
{
    const void *from;

    *at += padded(length);
    return length ? reader_get(reader, *at - 1, 1, &from) : 0;
}

/* Of a PV domain there is one; an emulator's are for HVM ones, or disks. */
static int take_libxl(struct reader *reader, const struct record_header *header,
                      uint64_t *at)
{
    if (header->type == LIBXL_LIBXC_CONTEXT) {
        begin(reader, reader->at, "LIBXC_CONTEXT");
        if (reader->has_domain)
            return reader_fail(reader, -EINVAL, "a second domain");
        if (header->length)
            return reader_fail(reader, -EINVAL, "%" PRIu32 " bytes, not 0",
                               header->length);
        reader->has_domain = true;
        return 0;
    }
    if (header->type != LIBXL_EMULATOR_XENSTORE_DATA &&
        header->type != LIBXL_EMULATOR_CONTEXT &&
        !(header->type & RECORD_OPTIONAL))
        return reader_fail(reader, -EINVAL,
                           "of libxl's type %#" PRIx32 ", which a file has not",
                           header->type);
    return pass(reader, at, header->length);
}

static int end_libxl(struct reader *reader, const struct record_header *header)
{
    begin(reader, reader->at, "END");
    if (header->length)
        return reader_fail(reader, -EINVAL, "%" PRIu32 " bytes, not 0",
                           header->length);
    if (!reader->has_domain)
        return reader_fail(reader, -EINVAL, "there was no domain before it");
    return 0;
}

/* To the domain, and from there to the end. */
static int read_libxl(struct reader *reader, uint64_t *at)
{
    const bool had_domain = reader->has_domain;
    struct record_header header = {.type = LIBXL_LIBXC_CONTEXT};
    int rc = 0;

    while (!rc && had_domain == reader->has_domain &&
           header.type != LIBXL_END) {
        rc = done(reader, *at);
        if (!rc)
            rc = get_record(reader, *at, &header);
        if (rc)
            return rc;
        *at += sizeof(header);
        rc = header.type == LIBXL_END ? end_libxl(reader, &header)
                                      : take_libxl(reader, &header, at);
    }
    return rc ? rc : done(reader, *at);
}

/* ---- libxenguest's headers and records ---- */

static int read_image_header(struct reader *reader, uint64_t *at)
{
    struct libxc_image_header header;
    const void *from;
    int rc;

    begin(reader, *at, "the image header");
    rc = reader_get(reader, *at, sizeof(header), &from);
    if (rc)
        return rc;
    memcpy(&header, from, sizeof(header));
    if (header.marker != LIBXC_MARKER || be32toh(header.id_be) != LIBXC_ID)
        return reader_fail(reader, -EINVAL, "not libxenguest's format");
    reader->saved->version = be32toh(header.version_be);
    if (reader->saved->version < LIBXC_VERSION_MIN ||
        reader->saved->version > LIBXC_VERSION_MAX)
        return reader_fail(reader, -EINVAL, "version %u, neither %u nor %u",
                           reader->saved->version, LIBXC_VERSION_MIN,
                           LIBXC_VERSION_MAX);
    if (be16toh(header.options_be) & LIBXC_BIG_ENDIAN)
        return reader_fail(reader, -EINVAL, "another byte order");
    *at += sizeof(header);
    return 0;
}

static int read_domain_header(struct reader *reader, uint64_t *at)
{
    struct libxc_domain_header header;
    const void *from;
    int rc;

    begin(reader, *at, "the domain header");
    rc = reader_get(reader, *at, sizeof(header), &from);
    if (rc)
        return rc;
    memcpy(&header, from, sizeof(header));
    if (header.type == LIBXC_X86_HVM)
        return reader_fail(reader, -EOPNOTSUPP,
                           "a domain of HVM or PVH; domwright knows PV ones");
    if (header.type != LIBXC_X86_PV)
        return reader_fail(reader, -EINVAL, "a domain of type %" PRIu32,
                           header.type);
    if (header.page_shift != DW_PAGE_SHIFT)
        return reader_fail(reader, -EINVAL, "pages of 2^%u bytes",
                           header.page_shift);
    reader->saved->xen_major = header.xen_major;
    reader->saved->xen_minor = header.xen_minor;
    *at += sizeof(header);
    return 0;
}

static int read_record(struct reader *reader, uint64_t *at)
{
    struct record_header header;
    const char *name;
    uint64_t body;
    int rc = get_record(reader, *at, &header);

    if (rc)
        return rc;
    name = saved_record_name(header.type);
    begin(reader, *at, name ? name : "a record");
    body = *at += sizeof(header);
    rc = pass(reader, at, header.length);
    if (!rc)
        rc = records_take(reader, header.type, body, header.length);
    if (rc)
        return rc;
    reader->saved->records++;
    reader->has_ended = header.type == LIBXC_END;
    return reader->has_ended ? records_finish(reader) : 0;
}

/* What is in front of its memory. */
static int begin_libxc(struct reader *reader, uint64_t *at)
{
    const uint64_t first = *at;
    int rc;

    reader->saved->libxc_at = first;
    rc = read_image_header(reader, at);
    if (!rc)
        rc = read_domain_header(reader, at);
    while (!rc && !reader->has_info) {
        rc = read_record(reader, at);
        if (!rc && *at - first > HEAD_MAX)
            rc = reader_fail(reader, -EINVAL,
                             "there was no X86_PV_INFO before it");
    }
    return rc;
}

static int finish_libxc(struct reader *reader, uint64_t *at)
{
    int rc;

    reader->source->copies = true;
    rc = done(reader, *at);
    while (!rc && !reader->has_ended) {
        rc = read_record(reader, at);
        if (!rc)
            rc = done(reader, *at);
    }
    reader->source->copies = false;
    return rc;
}

/* ---- all of it ---- */

/* What it begins with tells which it is. */
static int find_layer(struct reader *reader)
{
    struct saved *saved = reader->saved;
    const void *from;
    uint64_t word;
    int rc;

    begin(reader, 0, "the beginning");
    rc = source_ends(reader->source, 0);
    if (rc > 0)
        return diag_fail(reader->dg, DW_CONFIG, -ENODATA, "%s: it is empty",
                         reader->name);
    if (!rc)
        rc = reader_get(reader, 0, XL_MAGIC_LEN, &from);
    else
        rc = diag_fail(reader->dg, DW_FAILED, rc, "reading %s: %s",
                       reader->name, strerror(-rc));
    if (rc)
        return rc;
    memcpy(&word, from, sizeof(word));
    if (!memcmp(from, XL_MAGIC, XL_MAGIC_LEN))
        saved->layer = SAVED_XL;
    else if (be64toh(word) == LIBXL_IDENT)
        saved->layer = SAVED_LIBXL;
    else if (word == LIBXC_MARKER)
        saved->layer = SAVED_LIBXC;
    else
        return reader_fail(reader, -EINVAL,
                           "this is no saved domain, of xl, libxl or "
                           "libxenguest");
    return 0;
}

int saved_begin(struct reader *reader, struct saved *saved,
                struct source *source, const char *name, struct diag *dg)
{
    int rc;

    *reader = (struct reader){
        .saved = saved, .source = source, .dg = dg, .name = name};
    *saved = (struct saved){.layer = SAVED_LIBXC};
    rc = find_layer(reader);
    if (!rc && saved->layer == SAVED_XL)
        rc = read_xl(reader, &reader->next);
    if (!rc && saved->layer != SAVED_LIBXC)
        rc = read_libxl_header(reader, &reader->next);
    if (!rc && saved->layer != SAVED_LIBXC)
        rc = read_libxl(reader, &reader->next);
    if (!rc)
        rc = begin_libxc(reader, &reader->next);
    saved->length = reader->next;
    return rc;
}

int saved_finish(struct reader *reader)
{
    struct saved *saved = reader->saved;
    int rc = finish_libxc(reader, &reader->next);

    if (!rc && saved->layer != SAVED_LIBXC)
        rc = read_libxl(reader, &reader->next);
    saved->length = reader->next;
    return rc;
}

int saved_read(struct saved *saved, struct source *source, const char *name,
               struct diag *dg)
{
    struct reader reader;
    int rc = saved_begin(&reader, saved, source, name, dg);

    return rc ? rc : saved_finish(&reader);
}

void saved_dispose(struct saved *saved)
{
    free(saved->config);
    if (saved->page)
        munmap(saved->page, saved->pfns * sizeof(*saved->page));
    free(saved->touched);
    free(saved->p2m);
    free(saved->vcpu);
    *saved = (struct saved){.layer = SAVED_LIBXC};
}
