/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream/header.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "stream/format.h"
#include "stream/source.h"

static int put_record(int fd, uint32_t type)
{
    const struct record_header record = {.type = type};

    return source_write(fd, &record, sizeof(record));
}

int header_begin(int fd, const char *config, uint64_t vm_assist)
{
    /* With its NUL, as xl writes it. */
    const uint32_t length = (uint32_t)strlen(config) + 1;
    const struct libxl_header libxl = {
        .ident_be = htobe64(LIBXL_IDENT),
        .version_be = htobe32(LIBXL_VERSION),
    };
    struct xl_assists assists = {.vm_assist = vm_assist};
    struct xl_header xl = {
        .byte_order = XL_BYTE_ORDER,
        .mandatory = XL_IS_JSON | XL_IS_LIBXL2,
        .optional_len =
            (uint32_t)sizeof(length) + length + (uint32_t)sizeof(assists),
    };
    int rc;

    memcpy(xl.magic, XL_MAGIC, sizeof(xl.magic));
    memcpy(assists.magic, XL_ASSISTS_MAGIC, sizeof(assists.magic));
    rc = source_write(fd, &xl, sizeof(xl));
    if (!rc)
        rc = source_write(fd, &length, sizeof(length));
    if (!rc)
        rc = source_write(fd, config, length);
    if (!rc)
        rc = source_write(fd, &assists, sizeof(assists));
    if (!rc)
        rc = source_write(fd, &libxl, sizeof(libxl));
    return rc ? rc : put_record(fd, LIBXL_LIBXC_CONTEXT);
}

int header_finish(int fd)
{
    return put_record(fd, LIBXL_END);
}
