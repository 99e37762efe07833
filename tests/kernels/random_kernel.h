/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * random_kernel.h - a random kernel, its ramdisk and memory, with at most one
 * fault that is known.
 */
#ifndef RANDOM_KERNEL_H
#define RANDOM_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel_image.h"

struct random_kernel {
    struct kernel_recipe recipe;
    /* A word that has to stand in the reason for a refusal; NULL: no fault is
     * known. */
    const char *fault;
    bool changed; /* some bytes of it are other ones: no fault is known */
    struct kernel_file plain, packed; /* packed.bytes: NULL where it is not */
    uint8_t *ramdisk;
    size_t ramdisk_size;
    unsigned int mib;
};

/* Number `seed` of them all. */
void random_kernel_make(struct random_kernel *k, uint64_t seed);
void random_kernel_dispose(struct random_kernel *k);

#endif /* RANDOM_KERNEL_H */
