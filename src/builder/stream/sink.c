/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream/sink.h"

#include <config.h>

#include <endian.h>
#include <errno.h>
#include <unistd.h>

#include "frame.h"
#include "stream/format.h"

/* What writev(2) takes at once on Linux. */
#define PARTS 1024u

int sink_putv(struct sink *sink, struct iovec *part, unsigned int n)
{
    ssize_t r;
    int rc;

    while (n) {
        if (!part->iov_len) {
            part++;
            n--;
            continue;
        }
        rc = sink->wait ? sink->wait(sink->arg) : 0;
        if (rc)
            return rc;
        r = writev(sink->fd, part, n < PARTS ? (int)n : (int)PARTS);
        if (r < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        if (r > 0)
            sink->bytes += (uint64_t)r;
        for (; r > 0 && (size_t)r >= part->iov_len; n--)
            r -= (ssize_t)part++->iov_len;
        if (r > 0) {
            part->iov_base = (char *)part->iov_base + r;
            part->iov_len -= (size_t)r;
        }
    }
    return 0;
}

int sink_put(struct sink *sink, const void *from, size_t n)
{
    struct iovec part = {(void *)(uintptr_t)from, n};

    return sink_putv(sink, &part, 1);
}

int sink_headers(struct sink *sink)
{
    const struct libxc_image_header image = {
        .marker = LIBXC_MARKER,
        .id_be = htobe32(LIBXC_ID),
        .version_be = htobe32(LIBXC_VERSION_MAX),
    };
    const struct libxc_domain_header domain = {
        .type = LIBXC_X86_PV,
        .page_shift = DW_PAGE_SHIFT,
        .xen_major = XEN_MAJOR,
        .xen_minor = XEN_MINOR,
    };
    int rc = sink_put(sink, &image, sizeof(image));

    return rc ? rc : sink_put(sink, &domain, sizeof(domain));
}

int sink_record(struct sink *sink, uint32_t type, const void *a, size_t a_size,
                const void *b, size_t b_size)
{
    static const char zeros[8];
    struct record_header header = {.type = type,
                                   .length = (uint32_t)(a_size + b_size)};
    struct iovec part[] = {
        {&header, sizeof(header)},
        {(void *)(uintptr_t)a, a_size},
        {(void *)(uintptr_t)b, b_size},
        {(void *)(uintptr_t)zeros, -(a_size + b_size) % sizeof(zeros)},
    };

    return sink_putv(sink, part, 4);
}
