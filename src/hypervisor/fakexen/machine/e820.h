/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * e820.h - where the machine has its RAM.
 */
#ifndef FX_E820_H
#define FX_E820_H

#include <stddef.h>
#include <stdint.h>

#define FX_MAX_NODES 8
#define FX_MAX_E820  32

struct fx_options;

struct fx_range { /* frames [first, end) */
    uint64_t first, end;
};

struct fx_ram {
    uint32_t nr;
    struct fx_range range[FX_MAX_E820]; /* ascending, apart from each other */
    uint32_t node[FX_MAX_E820];
};

/*
 * The RAM that the options ask for, split evenly between the nodes.  A map file
 * has lines of
 *
 *     FIRST LAST TYPE     0x100000 0xbfffffff ram
 *     FIRST +SIZE TYPE    4G +2G ram
 *
 * in bytes, with K, M or G behind a number if wanted; LAST is the last byte.
 * TYPE is ram or reserved, # starts a comment.  Reserved wins over RAM.  Frame
 * 0 is never RAM, as Xen never hands it out.  -EINVAL, or what open() says,
 * with a line in why.
 */
int __attribute__((warn_unused_result))
fx_e820_ram(const struct fx_options *options, struct fx_ram *ram, char *why,
            size_t len);

/* How much memory a PC has whose last frame is before `end`; 0: none does. */
uint64_t fx_e820_pc_bytes(uint64_t end);

#endif /* FX_E820_H */
