/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * saved.c - a saved domain's stream.
 *
 * In the input a byte below 0x80 says how many bytes, less one, follow as they
 * are; another stands for zeroes, 32 for 0x80 to 4096 for 0xff, as pages are.
 * The stream is read as a file and from a pipe; both have to say the same, and
 * what comes out of the pipe is what went in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stream/saved.h"

#include "fuzz.h"

#define ZEROES(byte) (((size_t)(byte)-0x7f) * 32)

static int expand(const uint8_t *bytes, size_t size)
{
    static const uint8_t zeroes[4096];
    int fd = memfd_create("stream", MFD_CLOEXEC);
    size_t at = 0, n;

    if (fd < 0)
        abort();
    while (at < size) {
        const uint8_t *from = bytes + at + 1;

        n = bytes[at] < 0x80 ? (size_t)bytes[at] + 1 : ZEROES(bytes[at]);
        if (bytes[at] < 0x80) {
            n = n > size - at - 1 ? size - at - 1 : n;
            at += 1 + n;
        } else {
            from = zeroes;
            at++;
        }
        if (write(fd, from, n) != (ssize_t)n)
            abort();
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static int read_as(int fd, bool is_file, int copy, struct saved *saved,
                   struct diag *dg)
{
    struct source source;
    int rc;

    diag_init(dg);
    lseek(fd, 0, SEEK_SET);
    source_open(&source, fd, copy);
    source.is_file = is_file;
    rc = saved_read(saved, &source, "stream", dg);
    source_close(&source);
    return rc;
}

/* libxenguest's part is there, byte by byte. */
static void check_copy(int fd, int copy, const struct saved *saved)
{
    static char a[1 << 20], b[1 << 20];
    off_t size = lseek(copy, 0, SEEK_END);
    ssize_t n = pread(copy, a, sizeof(a), 0);
    uint64_t at = saved->layer == SAVED_LIBXC ? 0 : saved->length - 8;

    if (saved->layer != SAVED_LIBXC || n < 0)
        return;
    if (at + (uint64_t)size != saved->length ||
        pread(fd, b, (size_t)n, 0) != n || memcmp(a, b, (size_t)n))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct diag file_dg, pipe_dg;
    struct saved file, pipe;
    int fd = expand(bytes, size);
    int copy = memfd_create("copy", MFD_CLOEXEC);
    int rc = read_as(fd, true, -1, &file, &file_dg);
    int rc2 = read_as(fd, false, copy, &pipe, &pipe_dg);

    if (rc != rc2 || strcmp(file_dg.line[0], pipe_dg.line[0]) ||
        (rc && file_dg.nr != 1))
        abort();
    if (!rc) {
        check_copy(fd, copy, &pipe);
        for (uint64_t pfn = 0; pfn < file.pfns; pfn++)
            if (file.page[pfn] != pipe.page[pfn])
                abort();
    }
    saved_dispose(&file);
    saved_dispose(&pipe);
    close(fd);
    close(copy);
    return 0;
}

/* -- seeds -- */

static void put(struct fz_seed *seed, const void *from, size_t n)
{
    const uint8_t *byte = from;

    while (n) {
        size_t part = n > 0x80 ? 0x80 : n;

        fz_put(seed, part - 1, 1);
        for (size_t i = 0; i < part; i++)
            fz_put(seed, *byte++, 1);
        n -= part;
    }
}

static void put_zeroes(struct fz_seed *seed, size_t n)
{
    for (; n >= 32; n -= n > 4096 ? 4096 : n / 32 * 32)
        fz_put(seed, (n > 4096 ? 4096 : n / 32 * 32) / 32 + 0x7f, 1);
    if (n)
        put(seed,
            "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            n);
}

static void put_record(struct fz_seed *seed, uint32_t type, uint32_t length)
{
    const uint32_t header[2] = {type, length};

    put(seed, header, sizeof(header));
}

static void put_word(struct fz_seed *seed, uint64_t word)
{
    put(seed, &word, sizeof(word));
}

/* Three pages: the P2M list, an L3 or L4, and one that holds nothing. */
static void put_domain(struct fz_seed *seed, unsigned int width)
{
    /* vcpu_guest_context's, and where ctrlreg[3] is in it. */
    const uint32_t size = width == 4 ? 2800 : 5168;
    const uint32_t cr3 = width == 4 ? 2728 : 5008;
    const uint64_t level = width == 4 ? 3 : 4;

    put(seed, "\377\377\377\377\377\377\377\377XENF\0\0\0\3\0\0\0\0\0\0\0\0",
        24);
    put(seed, "\1\0\0\0\14\0\0\0\4\0\0\0\21\0\0\0", 16);
    put_record(seed, 2, 8);
    put_word(seed, width | level << 8);
    put_record(seed, 16, 0);
    put_record(seed, 3, 16);
    put_word(seed, UINT64_C(2) << 32);
    put_word(seed, 0);
    put_record(seed, 1, 8 + 3 * 8 + 3 * 4096);
    put_word(seed, 3);
    put_word(seed, 0);
    put_word(seed, 1 | (level | 8) << 60);
    put_word(seed, 2);
    put_zeroes(seed, 4096);
    put_word(seed, 0x2001);
    put_zeroes(seed, 2 * 4096 - 8);
    put_record(seed, 8, 24);
    put_zeroes(seed, 24);
    put_record(seed, 7, 4096);
    put_zeroes(seed, 4096);
    put_record(seed, 4, 8 + size);
    put_zeroes(seed, 8);
    /* All zero but CR3, which is PFN 1. */
    put_zeroes(seed, cr3);
    put_word(seed, 0x1000);
    put_zeroes(seed, size - cr3 - 8);
    put_record(seed, 0, 0);
}

bool fz_seed(unsigned int nr, struct fz_seed *seed)
{
    if (nr > 3)
        return false;
    if (nr & 2) {
        put(seed, "Xen saved domain, xl format\n \0 \r", 32);
        put(seed, "\4\3\2\1\3\0\0\0\0\0\0\0\10\0\0\0\4\0\0\0{}\0", 24);
    }
    if (nr & 2) {
        put(seed, "LibxlFmt\0\0\0\2\0\0\0\0", 16);
        put_record(seed, 1, 0);
    }
    put_domain(seed, nr & 1 ? 8 : 4);
    if (nr & 2)
        put_record(seed, 0, 0);
    return true;
}
