/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replay.c - a fuzz target without a fuzzer.
 *
 *     TARGET [FILE|DIRECTORY...]     the seeds, what comes of them by random
 *                                    changes, and the given inputs
 *     TARGET --write-seeds DIRECTORY
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define CHANGED 30 /* inputs made of each seed */
#define SECONDS 20 /* that one input may take, on a slow machine */

static const char *running;

static void die(const char *what)
{
    fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* On the heap, and no longer than it is: for the address sanitizer. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy)
        die(running);
    memcpy(copy, bytes, size);
    alarm(SECONDS);
    LLVMFuzzerTestOneInput(copy, size);
    alarm(0);
    free(copy);
}

static void run_file(const char *path)
{
    static uint8_t bytes[1 << 16];
    FILE *file = fopen(path, "rb");
    size_t size;

    running = path;
    if (!file)
        die(path);
    size = fread(bytes, 1, sizeof(bytes), file);
    if (ferror(file))
        die(path);
    fclose(file);
    if (getenv("VERBOSE"))
        printf("%s\n", path);
    run(bytes, size);
}

static void run_path(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char name[4096];

    if (!dir) {
        run_file(path);
        return;
    }
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) <
            (int)sizeof(name))
            run_file(name);
    }
    closedir(dir);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A few bytes of the seed become others, or what others are. */
static void run_changed(const struct fz_seed *seed, uint64_t *state)
{
    struct fz_seed changed = *seed;
    uint64_t n = 1 + next_random(state) % 8;

    while (n-- && seed->size) {
        uint8_t *byte = &changed.bytes[next_random(state) % seed->size];
        uint64_t value = next_random(state);

        *byte = value & 256 ? (uint8_t)value
                            : changed.bytes[(value >> 9) % seed->size];
    }
    run(changed.bytes, changed.size);
}

static void run_seeds(void)
{
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    struct fz_seed seed = {0};

    for (unsigned int nr = 0; fz_seed(nr, &seed); nr++) {
        run(seed.bytes, seed.size);
        for (unsigned int i = 0; i < CHANGED; i++)
            run_changed(&seed, &state);
        seed.size = 0;
    }
    run(seed.bytes, 0);
}

static void write_seeds(const char *directory)
{
    struct fz_seed seed = {0};
    char name[4096];

    for (unsigned int nr = 0; fz_seed(nr, &seed); nr++) {
        FILE *file;

        snprintf(name, sizeof(name), "%s/seed-%u", directory, nr);
        file = fopen(name, "wb");
        if (!file || fwrite(seed.bytes, 1, seed.size, file) != seed.size ||
            fclose(file))
            die(name);
        seed.size = 0;
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--write-seeds")) {
        write_seeds(argv[2]);
        return 0;
    }
    running = "a seed";
    run_seeds();
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    return 0;
}
