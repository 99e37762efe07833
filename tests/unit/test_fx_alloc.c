/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakexen's frames: where RAM is, and an allocator against one that looks at
 * every frame.  And the caller's memory, at the edges of its pages.
 */
#include "machine/frames.h"
#include "machine/lock.h"
#include "test_fx_host.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "machine/e820.h"
#include "machine/space.h"
#include "preload/process_memory.h"
#include "unit_random.h"

/* -- maps -- */

static int read_ram(const char *map, unsigned int nodes, struct fx_ram *ram)
{
    struct fx_options options = {.nodes = nodes};
    char path[64], why[256] = "";
    FILE *file = fopen(fx_new_path(path), "w");
    int rc;

    fputs(map, file);
    fclose(file);
    options.e820_path = path;
    rc = fx_e820_ram(&options, ram, why, sizeof(why));
    ck_assert_msg(!rc || (*why && !strchr(why, '\n')), "%s", why);
    fx_end_path(path);
    return rc;
}

START_TEST(maps_are_read)
{
    struct fx_ram ram;

    ck_assert_int_eq(read_ram("# a machine\n"
                              "\n"
                              "0x100000 0xffffff ram # 15 MiB\n"
                              "4G +2M ram\n"
                              "  0   0x9ffff\tram\n"
                              "1M +64K reserved\n"
                              "0x4fff 0x5000 reserved\n",
                              1, &ram),
                     0);
    ck_assert_uint_eq(ram.nr, 4);
    ck_assert_uint_eq(ram.range[0].first, 1); /* never 0 */
    ck_assert_uint_eq(ram.range[0].end, 4);
    ck_assert_uint_eq(ram.range[1].first, 6);
    ck_assert_uint_eq(ram.range[1].end, 0xa0);
    ck_assert_uint_eq(ram.range[2].first, 0x110);
    ck_assert_uint_eq(ram.range[2].end, 0x1000);
    ck_assert_uint_eq(ram.range[3].first, 0x100000);
    ck_assert_uint_eq(ram.range[3].end, 0x100200);
}
END_TEST

START_TEST(maps_overlap)
{
    struct fx_ram ram;

    ck_assert_int_eq(read_ram("1M +8M ram\n4M +8M ram\n2M +1M ram\n", 1, &ram),
                     0);
    ck_assert_uint_eq(ram.range[0].first, 0x100);
    ck_assert_uint_eq(ram.range[ram.nr - 1].end, 0xc00);
    for (uint32_t i = 0; i + 1 < ram.nr; i++)
        ck_assert_uint_eq(ram.range[i].end, ram.range[i + 1].first);
}
END_TEST

START_TEST(bad_maps_are_refused)
{
    static const char *const map[] = {
        "",
        "1M +1M ram",
        "1M +8M",
        "1M +8M ram ram",
        "1M +8M swap",
        "1M 8X ram",
        "-1M +8M ram",
        "8M 1M ram",
        "1M 18446744073709551615 ram",
        "1M +18446744073709551615 ram",
        "99999999999999999999 +1 ram",
        "17179869184G +1 ram",
        "1024G +8M ram",
        "1M +8M ram\n0 1024G reserved",
        "1M +8M ram\n0 +512G reserved",
    };
    struct fx_ram ram;
    char many[4096] = "";
    size_t i;

    for (i = 0; i < sizeof(map) / sizeof(map[0]); i++)
        ck_assert_int_eq(read_ram(map[i], 1, &ram), -EINVAL);
    for (i = 0; i < FX_MAX_E820 + 1; i++)
        sprintf(many + strlen(many), "%zuM +1M ram\n", 2 * i + 1);
    ck_assert_int_eq(read_ram(many, 1, &ram), -EINVAL);
}
END_TEST

START_TEST(nodes_have_even_shares)
{
    struct fx_options options = {.memory_bytes = UINT64_C(7) << 30};
    uint64_t share[FX_MAX_NODES];
    struct fx_ram ram;
    char why[256];

    for (options.nodes = 1; options.nodes <= FX_MAX_NODES; options.nodes++) {
        ck_assert_int_eq(fx_e820_ram(&options, &ram, why, sizeof(why)), 0);
        memset(share, 0, sizeof(share));
        for (uint32_t i = 0; i < ram.nr; i++)
            share[ram.node[i]] += ram.range[i].end - ram.range[i].first;
        for (unsigned int n = 1; n < options.nodes; n++)
            ck_assert_uint_lt((share[n] > share[0] ? share[n] - share[0]
                                                   : share[0] - share[n]),
                              512 * FX_MAX_NODES);
    }
}
END_TEST

TCase *fx_e820_case(void)
{
    TCase *tc = tcase_create("e820");

    tcase_add_test(tc, maps_are_read);
    tcase_add_test(tc, maps_overlap);
    tcase_add_test(tc, bad_maps_are_refused);
    tcase_add_test(tc, nodes_have_even_shares);
    return tc;
}

/* -- the allocator -- */

struct model {
    struct fx_host *host;
    bool *is_free;
    uint64_t frames, free;
    struct fx_range *block; /* allocated */
    unsigned int blocks;
};

static struct model new_model(struct unit_random *r)
{
    char map[256], path[64];
    struct fx_options options = {0};
    struct model m = {0};
    FILE *file;
    uint64_t i;

    options.nodes = 1 + (unsigned int)unit_below(r, 3);
    sprintf(map, "4K +%uK ram\n%uM +%uK ram\n%uM +%uM ram\n",
            256 + 4 * (unsigned int)unit_below(r, 100),
            2 + (unsigned int)unit_below(r, 2),
            4096 + 4 * (unsigned int)unit_below(r, 500),
            16 + (unsigned int)unit_below(r, 20),
            8 + (unsigned int)unit_below(r, 40));
    file = fopen(fx_new_path(path), "w");
    fputs(map, file);
    fclose(file);
    options.e820_path = path;
    m.host = fx_open(&options);
    fx_end_path(path);
    m.frames = m.host->super->nr_frames;
    m.is_free = calloc(m.frames, sizeof(*m.is_free));
    m.block = calloc(m.frames, sizeof(*m.block));
    for (i = 0; i < m.frames; i++)
        m.free += m.is_free[i] = fx_is_ram(m.host, i);
    return m;
}

static uint64_t reference(const struct model *m, const struct fx_alloc *want,
                          unsigned int node)
{
    const struct fx_super *super = m->host->super;
    uint64_t size = UINT64_C(1) << want->order, first, mfn;
    uint32_t i = super->nr_ram;

    while (i--) {
        if (node != FX_ANY_NODE && node != super->ram_node[i])
            continue;
        first = (super->ram[i].end & ~(size - 1)) + size;
        while (first >= size + super->ram[i].first) {
            first -= size;
            for (mfn = first; mfn < first + size && mfn < m->frames; mfn++)
                if (!m->is_free[mfn])
                    break;
            if (mfn == first + size && mfn <= super->ram[i].end &&
                (!want->bits || want->bits >= 64 ||
                 mfn << FX_PAGE_SHIFT <= UINT64_C(1) << want->bits))
                return first;
        }
    }
    return FX_NO_MFN;
}

static void allocate(struct model *m, struct unit_random *r)
{
    static const unsigned int bits[] = {0, 12, 13, 20, 22, 23, 24, 25, 32, 64};
    static const unsigned int order[] = {0, 0, 0, 0, 1, 2, 3, 5, 9, 10, 18};
    struct fx_alloc want = {
        .order = UNIT_ONE_OF(r, order),
        .node =
            unit_once_in(r, 3) ? FX_ANY_NODE : (unsigned int)unit_below(r, 4),
        .exact_node = unit_once_in(r, 3),
        .bits = unit_once_in(r, 3) ? UNIT_ONE_OF(r, bits) : 0,
    };
    uint64_t wanted = reference(m, &want, want.node), mfn, i;

    if (wanted == FX_NO_MFN && want.node != FX_ANY_NODE && !want.exact_node)
        wanted = reference(m, &want, FX_ANY_NODE);
    mfn = fx_alloc_frames(m->host, &want, 7);
    UNIT_CHECK_EQ(r, mfn, wanted);
    if (mfn == FX_NO_MFN)
        return;
    m->block[m->blocks++] =
        (struct fx_range){mfn, mfn + (UINT64_C(1) << want.order)};
    m->free -= UINT64_C(1) << want.order;
    for (i = mfn; i < mfn + (UINT64_C(1) << want.order); i++) {
        const struct fx_frame *frame = fx_frame(m->host, i);

        m->is_free[i] = false;
        UNIT_CHECK(r, frame->refs == 1 && frame->owner == 7 && !frame->type);
        UNIT_CHECK(r, frame->flags & FX_F_ALLOCATED);
        UNIT_CHECK(r, m->host->m2p[i] == UINT64_MAX);
        UNIT_CHECK(r, m->host->compat_m2p[i] == UINT32_MAX);
        UNIT_CHECK(r, *(uint64_t *)fx_page(m->host, i) == 0);
        *(uint64_t *)fx_page(m->host, i) = i;
    }
}

static void give_back(struct model *m, struct unit_random *r)
{
    unsigned int at = (unsigned int)unit_below(r, m->blocks);
    struct fx_range *b = &m->block[at];
    bool together = unit_once_in(r, 2);
    uint64_t i;

    for (i = b->first; i < b->end; i++) {
        m->is_free[i] = true;
        if (together && !unit_once_in(r, 16))
            continue;
        fx_free_frame(m->host, i);
        fx_free_frame(m->host, i); /* of no effect */
    }
    if (together) /* also of no effect for those that are free */
        fx_free_frames(m->host, b->first, b->end - b->first);
    m->free += b->end - b->first;
    *b = m->block[--m->blocks];
}

static void compare(const struct model *m, struct unit_random *r)
{
    uint64_t i;

    UNIT_CHECK_EQ(r, fx_free_frames_count(m->host), m->free);
    for (i = 0; i < m->frames + 10; i++)
        UNIT_CHECK(r,
                   fx_is_free(m->host, i) == (i < m->frames && m->is_free[i]));
}

START_TEST(random_allocations)
{
    struct unit_random r = unit_random_case((uint64_t)_i);
    struct model m = new_model(&r);
    bool filling = true;
    int i;

    for (i = 0; i < 2000; i++) {
        fx_lock(m.host);
        if (unit_once_in(&r, 400))
            filling = !filling;
        if (!m.blocks || unit_below(&r, 4) < (filling ? 3 : 1))
            allocate(&m, &r);
        else
            give_back(&m, &r);
        if (unit_once_in(&r, 100))
            compare(&m, &r);
        if (unit_once_in(&r, 500))
            fx_free_map_rebuild(m.host);
        fx_unlock(m.host);
    }
    compare(&m, &r);
    while (m.blocks)
        give_back(&m, &r);
    fx_clear_freed(m.host);
    compare(&m, &r);
    for (uint64_t mfn = 0; mfn < m.frames; mfn++)
        if (fx_is_ram(m.host, mfn))
            UNIT_CHECK_EQ(&r, *(uint64_t *)fx_page(m.host, mfn), 0);
    free(m.is_free);
    free(m.block);
    fx_host_close(m.host);
}
END_TEST

static uint64_t kib_on_disk(const char *path)
{
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    return (uint64_t)st.st_blocks / 2;
}

/* 512 MiB of a machine, of which some frames are written to, or, by _i, hardly
 * any. */
START_TEST(what_is_freed_leaves_the_disk)
{
    struct fx_alloc want = {.node = FX_ANY_NODE, .order = 17};
    char path[64];
    struct fx_host *host;
    uint64_t mfn, before, i, step = _i ? 4096 : 64;

    fx_new_path(path);
    host =
        fx_open(&(struct fx_options){.path = path, .memory_bytes = 1200 * MIB});
    before = kib_on_disk(path);
    fx_lock(host);
    mfn = fx_alloc_frames(host, &want, DOMID_XEN);
    for (i = 0; i < 1 << 17; i += step)
        memset(fx_page(host, mfn + i), 0xee, FX_PAGE_SIZE);
    fx_unlock(host);
    ck_assert_uint_ge(kib_on_disk(path), before + (4 << 17) / step);
    fx_lock(host);
    for (i = 0; i < 1 << 17; i++)
        fx_free_frame(host, mfn + i);
    fx_unlock(host);
    /* But for what lies around the parts that went. */
    ck_assert_uint_le(kib_on_disk(path), before + 6 * 256);
    fx_lock(host);
    ck_assert_uint_eq(fx_alloc_frames(host, &want, DOMID_XEN), mfn);
    for (i = 0; i < 1 << 17; i += step)
        ck_assert_uint_eq(*(uint64_t *)fx_page(host, mfn + i), 0);
    ck_assert_uint_eq(host->m2p[mfn], UINT64_MAX);
    fx_unlock(host);
    fx_host_close(host);
    fx_end_path(path);
}
END_TEST

/* Another process's trim is not missed by one that knew of room there. */
START_TEST(what_others_trim_has_no_room)
{
    struct fx_alloc want = {.node = FX_ANY_NODE, .order = 15};
    char path[64];
    struct fx_host *host, *other;
    uint64_t mfn, i, before;

    fx_new_path(path);
    host =
        fx_open(&(struct fx_options){.path = path, .memory_bytes = 512 * MIB});
    other = fx_open(&(struct fx_options){.path = path});
    fx_lock(host);
    mfn = fx_alloc_frames(host, &want, DOMID_XEN);
    fx_unlock(host);
    fx_lock(other);
    for (i = 0; i < 1 << 15; i++)
        fx_free_frame(other, mfn + i);
    fx_unlock(other);
    before = kib_on_disk(path);
    fx_lock(host);
    ck_assert_int_eq(fx_space_for_accounting(host, mfn, 1 << 15), 0);
    ck_assert_uint_ge(kib_on_disk(path), before + (28 << 15) / 1024);
    fx_unlock(host);
    fx_host_close(other);
    fx_host_close(host);
    fx_end_path(path);
}
END_TEST

START_TEST(impossible_allocations)
{
    struct fx_host *host = fx_open(&(struct fx_options){0});
    static const struct fx_alloc want[] = {
        {.order = FX_MAX_ORDER + 1, .node = FX_ANY_NODE},
        {.order = UINT32_MAX, .node = FX_ANY_NODE},
        {.node = FX_ANY_NODE, .bits = 1},
        {.node = FX_ANY_NODE, .bits = 12},
        {.node = 1, .exact_node = true},
        {.node = 64, .exact_node = true},
        {.node = FX_ANY_NODE - 1, .exact_node = true},
    };

    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
        ck_assert_uint_eq(fx_alloc_frames(host, &want[i], 1), FX_NO_MFN);
    fx_free_frame(host, 0);
    fx_free_frame(host, 0xc0000);
    fx_free_frame(host, UINT64_MAX);
    ck_assert_uint_eq(fx_free_frames_count(host), host->super->ram_frames);
    fx_host_close(host);
}
END_TEST

/* In a child that came to be while the parent freed frames, and does something
 * with the machine when they have another owner. */
static pid_t heir_of_freed_frames(struct fx_host *host, int go)
{
    pid_t pid = fork();
    char c;

    ck_assert_int_ge(pid, 0);
    if (pid)
        return pid;
    FX_MUST(read(go, &c, 1) == 1);
    fx_lock(host);
    fx_unlock(host);
    _exit(0);
}

START_TEST(a_child_clears_nothing)
{
    struct fx_alloc want = {.node = FX_ANY_NODE};
    char path[64];
    struct fx_host *host = fx_open_path(fx_new_path(path));
    struct fx_domain *domain;
    int go[2], status;
    uint64_t mfn;
    pid_t pid;

    ck_assert_int_eq(pipe(go), 0);
    fx_lock(host);
    domain = fx_new_domain(host, 1);
    mfn = fx_new_frame(host, domain);
    fx_domain_adjust_pages(host, domain, -1);
    fx_free_frame(host, mfn);
    pid = heir_of_freed_frames(host, go[0]);
    fx_unlock(host);
    fx_lock(host);
    ck_assert_uint_eq(fx_alloc_frames(host, &want, 1), mfn);
    fx_domain_adjust_pages(host, domain, 1);
    strcpy(fx_page(host, mfn), "somebody else's");
    fx_unlock(host);
    ck_assert_int_eq(write(go[1], "", 1), 1);
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(fx_page(host, mfn), "somebody else's");
    fx_host_close(host);
    fx_end_path(path);
}
END_TEST

TCase *fx_alloc_case(void)
{
    TCase *tc = tcase_create("alloc");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, random_allocations, 0, 12);
    tcase_add_loop_test(tc, what_is_freed_leaves_the_disk, 0, 2);
    tcase_add_test(tc, what_others_trim_has_no_room);
    tcase_add_test(tc, impossible_allocations);
    tcase_add_test(tc, a_child_clears_nothing);
    return tc;
}

/* -- the caller's memory -- */

#define PAGE 4096

/* Two pages with nothing behind them, or only to be read. */
static uint8_t *two_pages(int prot)
{
    uint8_t *at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(at, MAP_FAILED);
    memset(at, 0x5a, 4 * PAGE);
    ck_assert_int_eq(mprotect(at + 2 * PAGE, 2 * PAGE, prot), 0);
    return at;
}

START_TEST(copies_at_the_edge)
{
    uint8_t *at = two_pages(PROT_NONE), from[64], to[64];
    size_t before, size, i;

    for (i = 0; i < sizeof(from); i++)
        from[i] = (uint8_t)(i + 1);
    for (before = 0; before <= 48; before++) {
        for (size = 0; size <= 40; size++) {
            uint8_t *p = at + 2 * PAGE - before;
            int rc = size > before ? -EFAULT : 0;

            memset(at, 0x5a, 2 * PAGE);
            ck_assert_int_eq(fx_copy_to((uint64_t)p, from, size), rc);
            memset(to, 0, sizeof(to));
            ck_assert_int_eq(fx_copy_from(to, (uint64_t)p, size), rc);
            if (rc)
                continue;
            if (memcmp(to, from, size) || (size < 64 && to[size]))
                ck_abort_msg("%zu before, %zu bytes", before, size);
            for (i = 0; i < 2 * PAGE - before; i++)
                if (at[i] != 0x5a)
                    ck_abort_msg("byte %zu", i);
            for (i = 2 * PAGE - before + size; i < 2 * PAGE; i++)
                if (at[i] != 0x5a)
                    ck_abort_msg("byte %zu", i);
        }
    }
    munmap(at, 4 * PAGE);
}
END_TEST

START_TEST(copies_across_pages)
{
    uint8_t *at = two_pages(PROT_READ), *big = calloc(4, PAGE);
    int shift;

    for (shift = -20; shift <= 20; shift++) {
        uint64_t p = (uint64_t)(at + PAGE + shift);

        ck_assert_int_eq(fx_copy_to(p - 16, big, 32), 0);
        ck_assert_int_eq(fx_copy_from(big, p - 16, 32), 0);
        ck_assert_int_eq(fx_copy_to((uint64_t)at, big, 2 * PAGE), 0);
        ck_assert_int_eq(fx_copy_to((uint64_t)at, big, 2 * PAGE + 1), -EFAULT);
        ck_assert_int_eq(fx_copy_from(big, (uint64_t)at, 4 * PAGE), 0);
        ck_assert_int_eq(fx_copy_to(p + PAGE + 20, big, 8), -EFAULT);
    }
    free(big);
    munmap(at, 4 * PAGE);
}
END_TEST

START_TEST(addresses_that_are_none)
{
    static const uint64_t bad[] = {0,
                                   1,
                                   4095,
                                   UINT64_MAX,
                                   UINT64_MAX - 7,
                                   UINT64_MAX - 100,
                                   UINT64_C(1) << 63,
                                   UINT64_C(0x0000800000000000),
                                   UINT64_C(0xffff800000000000)};
    static const size_t size[] = {1, 7, 8, 100, 70000, SIZE_MAX};
    char *buffer = calloc(1, 70000);
    int saved;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        for (size_t k = 0; k < sizeof(size) / sizeof(size[0]); k++) {
            errno = saved = 42;
            ck_assert_int_eq(fx_copy_from(buffer, bad[i], size[k]), -EFAULT);
            ck_assert_int_eq(fx_copy_to(bad[i], buffer, size[k]), -EFAULT);
            if (size[k] == 8)
                ck_assert_int_eq(errno, saved);
        }
    ck_assert_int_eq(fx_copy_from(buffer, 0, 0), 0);
    ck_assert_int_eq(fx_copy_to((uint64_t) "constant text", buffer, 8),
                     -EFAULT);
    free(buffer);
}
END_TEST

TCase *fx_guest_case(void)
{
    TCase *tc = tcase_create("guest");

    tcase_add_test(tc, copies_at_the_edge);
    tcase_add_test(tc, copies_across_pages);
    tcase_add_test(tc, addresses_that_are_none);
    return tc;
}
