/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu_test.c - is the library as the CPU needs it?
 *
 * Where a context has what, and that a run ends as it must: with every cause
 * that a guest has, once for each width.  A library in which something of that
 * is not so is refused, before a guest comes to harm by it.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/cpu.h"
#include "run/cpu_api.h"

#define PAGE  4096u
#define PAGES 4u

/* What the pages are. */
#define CODE    0u
#define DATA    PAGE
#define FIXED   (2 * PAGE) /* read-only */
#define NOWHERE UINT64_C(0x12345678)
#define MAGIC   UINT64_C(0x5aa5c33c0ff01000)

#define FLAT                                                                   \
    (FX_SEGMENT_PRESENT | FX_SEGMENT_NORMAL | FX_SEGMENT_ACCESSED |            \
     FX_SEGMENT_WRITABLE | FX_SEGMENT_GRANULARITY)

struct bench {
    struct fx_cpu *cpu;
    uint8_t *memory;
    bool is_64bit;
};

static bool fill(void *arg, uint64_t address, enum fx_access access,
                 struct fx_cpu_page *page)
{
    (void)arg;
    *page = (struct fx_cpu_page){
        .address = address,
        .read = true,
        .write = address == DATA,
        .execute = address == CODE,
    };
    return address < PAGES * PAGE && (access != FX_WRITE || page->write) &&
           (access != FX_FETCH || page->execute);
}

static size_t code(void *arg, uint64_t address, uint8_t *to, size_t size)
{
    const struct bench *b = arg;

    if (address >= PAGE)
        return 0;
    if (size > PAGE - address)
        size = PAGE - address;
    memcpy(to, b->memory + address, size);
    return size;
}

static bool stop(void *arg)
{
    (void)arg;
    return false;
}

static void cpuid(void *arg, uint32_t registers[4])
{
    (void)arg;
    registers[0] = registers[1] = registers[2] = registers[3] = 0x1234;
}

static const struct fx_cpu_ops ops = {fill, code, stop, cpuid};

static int open_bench(struct bench *b, const struct fx_cpu_library *library,
                      bool is_64bit)
{
    struct fx_cpu_memory memory = {
        .bytes = PAGES * PAGE,
        .writable = true,
    };

    *b = (struct bench){.is_64bit = is_64bit};
    b->memory = aligned_alloc(PAGE, PAGES * PAGE);
    if (!b->memory)
        return -ENOMEM;
    memset(b->memory, 0, PAGES * PAGE);
    memory.at = b->memory;
    b->cpu = fx_cpu_create(library, is_64bit, &memory, 1, &ops, b);
    return b->cpu ? 0 : -ENOTSUP;
}

static void close_bench(struct bench *b)
{
    fx_cpu_destroy(b->cpu);
    free(b->memory);
    *b = (struct bench){0};
}

/* A guest's kernel: ring 1 of 32 bits, ring 3 of 64. */
static struct fx_cpu_state kernel(bool is_64bit)
{
    uint32_t ring = is_64bit ? 3 : 1;
    struct fx_cpu_state state = {
        .rip = CODE,
        .gpr = {[FX_RAX] = 0x1111,
                [FX_RCX] = 0x2222,
                [FX_RBX] = NOWHERE,
                [FX_RSP] = DATA + PAGE,
                [FX_RSI] = DATA,
                [FX_RDI] = FIXED,
                [FX_R11] = is_64bit ? 0x3333 : 0},
        .gdt = {.base = FIXED, .limit = 7},
    };
    int i;

    for (i = 0; i < FX_SEGMENTS; i++)
        state.segment[i] = (struct fx_cpu_segment){
            .selector = (uint16_t)(0x20 | ring),
            .limit = UINT32_MAX,
            .flags = FLAT | FX_SEGMENT_BIG | ring << 13,
        };
    state.segment[FX_CS].selector = (uint16_t)(0x18 | ring);
    state.segment[FX_CS].flags |= FX_SEGMENT_CODE;
    if (is_64bit)
        state.segment[FX_CS].flags ^= FX_SEGMENT_BIG | FX_SEGMENT_LONG;
    return state;
}

static struct fx_exit run_code(struct bench *b, struct fx_cpu_state *state,
                               const void *code, size_t size)
{
    struct fx_exit e;

    memset(b->memory, 0xcc, PAGE);
    memcpy(b->memory, code, size);
    fx_cpu_forget_code(b->cpu, CODE);
    fx_cpu_load(b->cpu, state);
    e = fx_cpu_run(b->cpu);
    fx_cpu_save(b->cpu, state);
    return e;
}

/* -- where things are -- */

static int find_env(struct fx_cpu_library *library, const struct bench *b)
{
    static const int names[8] = {UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX,
                                 UC_X86_REG_RBX, UC_X86_REG_RSP, UC_X86_REG_RBP,
                                 UC_X86_REG_RSI, UC_X86_REG_RDI};
    const struct fx_cpu *cpu = b->cpu;
    size_t size = cpu->api->context_size(cpu->uc), at;
    uint64_t values[16], base = MAGIC + 100;
    const struct fx_env *env;
    int i;

    for (i = 0; i < 16; i++) {
        values[i] = MAGIC + (uint64_t)i;
        cpu->api->reg_write(cpu->uc, i < 8 ? names[i] : UC_X86_REG_R8 + i - 8,
                            &values[i]);
    }
    cpu->api->reg_write(cpu->uc, UC_X86_REG_GS_BASE, &base);
    cpu->api->context_save(cpu->uc, cpu->context);
    for (at = 0; at + sizeof(struct fx_env) <= size; at++)
        if (!memcmp((char *)cpu->context + at, values, sizeof(values)))
            break;
    if (at + sizeof(struct fx_env) > size)
        return -ENOTSUP;
    library->env = at;
    env = fx_cpu_env(cpu);
    return env->segs[FX_GS].base == base && env->cr[4] ? 0 : -ENOTSUP;
}

/* The address of a fault, in the engine's own structure: two different ones
 * were seen there. */
static int find_fault(struct fx_cpu_library *library, struct bench *b)
{
    static const uint8_t load[] = {0x8b, 0x03}; /* mov (%rbx), %eax */
    size_t size = malloc_usable_size(b->cpu->uc), at;
    struct fx_cpu_state state = kernel(true);
    uint64_t seen, first = MAGIC, second = MAGIC + 0x4568;
    bool *had = calloc(size, sizeof(*had));
    int rc = -ENOTSUP;

    if (!had)
        return -ENOMEM;
    state.gpr[FX_RBX] = first;
    run_code(b, &state, load, sizeof(load));
    for (at = 0; at + sizeof(seen) <= size; at += sizeof(seen)) {
        memcpy(&seen, (char *)b->cpu->uc + at, sizeof(seen));
        had[at] = seen == first;
    }
    state = kernel(true);
    state.gpr[FX_RBX] = second;
    run_code(b, &state, load, sizeof(load));
    for (at = 0; rc && at + sizeof(seen) <= size; at += sizeof(seen)) {
        memcpy(&seen, (char *)b->cpu->uc + at, sizeof(seen));
        if (!had[at] || seen != second)
            continue;
        library->fault = at;
        rc = 0;
    }
    free(had);
    return rc;
}

static int32_t context_word(const struct bench *b, size_t at)
{
    int32_t word;

    memcpy(&word, (char *)b->cpu->context + at, sizeof(word));
    return word;
}

/* As if it were the first exception of all. */
static void bad_selector(struct bench *b, const void *fresh, uint16_t selector)
{
    static const uint8_t load[] = {0x8e, 0xd8}; /* mov %eax, %ds */
    struct fx_cpu_state state = kernel(true);

    memcpy(b->cpu->context, fresh, b->cpu->api->context_size(b->cpu->uc));
    state.gpr[FX_RAX] = selector;
    run_code(b, &state, load, sizeof(load));
}

/* How far behind the error code the other one may be. */
#define NEAR 128

/* An exception's error code: where two different ones were seen. */
static int find_error(struct fx_cpu_library *library, struct bench *b,
                      const void *fresh)
{
    size_t size = b->cpu->api->context_size(b->cpu->uc);
    size_t at = library->env + sizeof(struct fx_env);

    for (; at + NEAR <= size; at += 4) {
        bad_selector(b, fresh, 0x1238);
        if (context_word(b, at) != 0x1238)
            continue;
        bad_selector(b, fresh, 0x4568);
        if (context_word(b, at) == 0x4568)
            break;
    }
    library->error = at;
    return at + NEAR <= size ? 0 : -ENOTSUP;
}

/* Which exception that was, 13, is kept somewhere behind. */
static int find_previous(struct fx_cpu_library *library, struct bench *b,
                         const void *fresh)
{
    size_t at = library->error + sizeof(struct fx_env_exception);

    bad_selector(b, fresh, 0x1238);
    for (; at < library->error + NEAR; at += 4)
        if (context_word(b, at) == 13)
            break;
    library->previous = at;
    return at < library->error + NEAR ? 0 : -ENOTSUP;
}

static int find_exception(struct fx_cpu_library *library, struct bench *b)
{
    size_t size = b->cpu->api->context_size(b->cpu->uc);
    void *fresh = malloc(size);
    int rc = -ENOMEM;

    if (fresh) {
        memcpy(fresh, b->cpu->context, size);
        rc = find_error(library, b, fresh);
    }
    if (!rc)
        rc = find_previous(library, b, fresh);
    free(fresh);
    return rc;
}

static int find_places(struct fx_cpu_library *library)
{
    struct bench b;
    int rc = open_bench(&b, library, true);

    if (!rc)
        rc = find_env(library, &b);
    /* Until it is found, it is where writing does no harm. */
    library->previous = library->env + offsetof(struct fx_env, cc_dst);
    if (!rc)
        rc = find_fault(library, &b);
    if (!rc)
        rc = find_exception(library, &b);
    close_bench(&b);
    return rc;
}

/* -- how runs end -- */

#define BOTH 0
#define W32  32
#define W64  64
#define TF   (1u << 8)

static const struct {
    const char *what;
    unsigned int width;
    uint8_t code[16], size;
    uint32_t flags;
    struct fx_exit e;
    uint8_t rip;
} runs[] = {
    {"a load from nowhere",
     BOTH,
     {0x40, 0x90, 0x8b, 0x43, 0x10},
     5,
     0,
     {.reason = FX_EXIT_FAULT, .address = NOWHERE + 0x10, .access = FX_READ},
     2},
    {"a store to a read-only page",
     BOTH,
     {0x90, 0x89, 0x47, 0x08},
     4,
     0,
     {.reason = FX_EXIT_FAULT, .address = FIXED + 8, .access = FX_WRITE},
     1},
    {"an exchange in a read-only page",
     BOTH,
     {0x90, 0xf0, 0xff, 0x07},
     4,
     0,
     {.reason = FX_EXIT_FAULT, .address = FIXED, .access = FX_WRITE},
     1},
    {"a jump to nowhere",
     BOTH,
     {0xff, 0xe3},
     2,
     0,
     {.reason = FX_EXIT_FAULT, .address = NOWHERE, .access = FX_FETCH},
     0},
    {"int $0x82",
     BOTH,
     {0x90, 0xcd, 0x82},
     3,
     0,
     {.reason = FX_EXIT_EXCEPTION, .vector = 0x82, .software = true},
     3},
    {"int3",
     BOTH,
     {0xcc},
     1,
     0,
     {.reason = FX_EXIT_EXCEPTION, .vector = 3, .software = true},
     1},
    {"syscall", W64, {0x90, 0x0f, 0x05}, 3, 0, {.reason = FX_EXIT_SYSCALL}, 3},
    {"ud2",
     BOTH,
     {0x90, 0x0f, 0x0b},
     3,
     0,
     {.reason = FX_EXIT_EXCEPTION, .vector = 6},
     1},
    {"hlt",
     BOTH,
     {0x90, 0xf4},
     2,
     0,
     {.reason = FX_EXIT_EXCEPTION, .vector = 13},
     1},
    {"rdtsc",
     BOTH,
     {0x90, 0x0f, 0x31},
     3,
     0,
     {.reason = FX_EXIT_EXCEPTION, .vector = 13},
     1},
    {"mov to %cr3",
     BOTH,
     {0x0f, 0x22, 0xd8},
     3,
     0,
     {.reason = FX_EXIT_EXCEPTION, .vector = 13},
     0},
    {"a division by zero",
     BOTH,
     {0x31, 0xc9, 0xf7, 0xf1},
     4,
     0,
     {.reason = FX_EXIT_EXCEPTION, .vector = 0},
     2},
    {"a single step",
     BOTH,
     {0x90, 0x90},
     2,
     TF,
     {.reason = FX_EXIT_EXCEPTION, .vector = 1},
     1},
    {"SSE",
     BOTH,
     {0x0f, 0xae, 0x16, 0x0f, 0x28, 0xc1, 0xcd, 0x20},
     8,
     0,
     {.reason = FX_EXIT_EXCEPTION, .vector = 0x20, .software = true},
     8},
    /* vpxor, behind another block, as what is first of all has none before. */
    {"AVX",
     BOTH,
     {0xeb, 0x00, 0xc5, 0xf1, 0xef, 0xc2, 0xcd, 0x20},
     8,
     0,
     {.reason = FX_EXIT_SUSPECT, .address = 2},
     2},
    {"what looks like AVX and is not",
     BOTH,
     {0xeb, 0x00, 0x83, 0xc4, 0x04, 0x83, 0xec, 0x04, 0xcd, 0x20},
     10,
     0,
     {.reason = FX_EXIT_EXCEPTION, .vector = 0x20, .software = true},
     10},
    {"cpuid",
     BOTH,
     {0x0f, 0xa2, 0x3d, 0x34, 0x12, 0, 0, 0x75, 0xfe, 0xcd, 1},
     11,
     0,
     {.reason = FX_EXIT_EXCEPTION, .vector = 1, .software = true},
     11},
};
#define N_RUNS (sizeof(runs) / sizeof(runs[0]))

/* What was executed of it: all that is before where it ended, but of a block
 * that was not begun. */
static bool is_counted(const struct bench *b, size_t i, struct fx_exit e)
{
    uint64_t want = e.access == FX_FETCH ? runs[i].size : runs[i].rip;

    return fx_cpu_executed(b->cpu) == want;
}

static bool ends_so(struct bench *b, size_t i)
{
    struct fx_cpu_state state = kernel(b->is_64bit), before;
    struct fx_exit e;

    state.rflags = runs[i].flags;
    before = state;
    e = run_code(b, &state, runs[i].code, runs[i].size);
    return e.reason == runs[i].e.reason && e.address == runs[i].e.address &&
           e.access == runs[i].e.access && e.vector == runs[i].e.vector &&
           e.software == runs[i].e.software &&
           (e.reason != FX_EXIT_EXCEPTION || e.software || !e.error_code) &&
           is_counted(b, i, e) &&
           state.rip == (e.access == FX_FETCH ? NOWHERE : CODE + runs[i].rip) &&
           state.gpr[FX_RSP] == before.gpr[FX_RSP] &&
           state.gpr[FX_R11] == before.gpr[FX_R11] &&
           state.segment[FX_SS].selector == before.segment[FX_SS].selector;
}

/* mov $3, %ecx; mov %esi, %edi; rep movsl; int $0x20: 9 bytes, and 2 for each
 * time; the engine finds out in one more that it is done. */
static bool counts_each_time(struct bench *b)
{
    static const uint8_t copy[] = {0xb9, 3,    0,    0,    0,   0x89,
                                   0xf7, 0xf3, 0xa5, 0xcd, 0x20};
    struct fx_cpu_state state = kernel(b->is_64bit);
    uint64_t executed;

    run_code(b, &state, copy, sizeof(copy));
    executed = fx_cpu_executed(b->cpu);
    return state.rip == sizeof(copy) &&
           (executed == 9 + 3 * 2 || executed == 9 + 4 * 2);
}

static const char *what_is_wrong(struct bench *b)
{
    size_t i;

    for (i = 0; i < N_RUNS; i++)
        if ((!runs[i].width || (runs[i].width == W64) == b->is_64bit) &&
            !ends_so(b, i))
            return runs[i].what;
    /* Twice the same, of which a real CPU would make a double fault. */
    for (i = 0; i < N_RUNS; i++)
        if (runs[i].e.vector == 13 && !ends_so(b, i))
            return "an exception after another";
    if (!counts_each_time(b))
        return "how often an instruction is repeated";
    return NULL;
}

static int test_width(const struct fx_cpu_library *library, bool is_64bit,
                      char *why, size_t len)
{
    const char *what;
    struct bench b;
    int rc = open_bench(&b, library, is_64bit);

    if (!rc) {
        what = what_is_wrong(&b);
        if (what) {
            snprintf(why, len, "%s does not do what is needed: %s, %u bits",
                     library->name, what, is_64bit ? 64u : 32u);
            rc = -ENOTSUP;
        }
    }
    close_bench(&b);
    return rc;
}

int fx_cpu_test(struct fx_cpu_library *library, char *why, size_t len)
{
    int rc = find_places(library);

    snprintf(why, len,
             "%s is a Unicorn that keeps its registers in other places",
             library->name);
    if (!rc)
        rc = test_width(library, false, why, len);
    if (!rc)
        rc = test_width(library, true, why, len);
    return rc;
}
