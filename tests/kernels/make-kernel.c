/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make-kernel.c - an image of a kernel that the words tell of, as README.md
 * has them:
 *
 *     make-kernel OUT 32|64 BASE [WORD]...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_image.h"

int main(int argc, char **argv)
{
    struct kernel_recipe r;
    struct kernel_file file;
    FILE *out;

    if (argc < 4)
        return 2;
    recipe_init(&r, !strcmp(argv[2], "64"), strtoull(argv[3], NULL, 0));
    for (int i = 4; i < argc; i++)
        if (recipe_word(&r, argv[i])) {
            fprintf(stderr, "make-kernel: no such word: %s\n", argv[i]);
            return 2;
        }
    image_make(&r, &file);
    out = fopen(argv[1], "w");
    if (!out || fwrite(file.bytes, 1, file.size, out) != file.size ||
        fclose(out)) {
        perror(argv[1]);
        return 1;
    }
    free(file.bytes);
    return 0;
}
