/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakexen's host file: made by one of many, found again, and refused where it
 * is not what it says.
 */
#include "machine/frames.h"
#include "machine/lock.h"
#include "test_fx_host.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <zlib.h>

#include "domain/vcpu_state.h"
#include "machine/file.h"
#include "machine/superblock.h"
#include "preload/process_memory.h"
#include "unit_random.h"

#define PROCESSES 8

static char path[64];

static void setup(void)
{
    fx_new_path(path);
}

static void teardown(void)
{
    fx_end_path(path);
}

/* -- what is refused -- */

static void assert_refused(const char *with)
{
    struct fx_options options = {.path = path};
    struct fx_host *host;
    char why[256] = "";

    ck_assert_int_eq(fx_host_open(&options, &host, why, sizeof(why)), -EINVAL);
    ck_assert_ptr_null(host);
    ck_assert_msg(strstr(why, with) != NULL, "%s", why);
    ck_assert_ptr_null(strchr(why, '\n'));
}

static void poke(size_t at, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY);

    ck_assert_int_eq(pwrite(fd, bytes, size, (off_t)at), (ssize_t)size);
    close(fd);
}

static struct fx_super *peek(void)
{
    struct fx_super *super = malloc(sizeof(*super));
    int fd = open(path, O_RDONLY);

    ck_assert_int_eq(pread(fd, super, sizeof(*super), 0),
                     (ssize_t)sizeof(*super));
    close(fd);
    return super;
}

static void make(void)
{
    fx_host_close(fx_open_path(path));
}

START_TEST(every_damaged_bit_of_the_static_part_is_refused)
{
    size_t end = offsetof(struct fx_super, lock), i;
    struct fx_super *super;
    uint8_t byte;
    int bit;

    make();
    super = peek();
    for (i = 0; i < end; i++) {
        for (bit = 0; bit < 8; bit++) {
            byte = ((uint8_t *)super)[i] ^ (uint8_t)(1 << bit);
            poke(i, &byte, 1);
            assert_refused(i < FX_MAGIC_BYTES ? "not a fakexen host" : "");
        }
        poke(i, (uint8_t *)super + i, 1);
    }
    free(super);
    fx_host_close(fx_open_path(path));
}
END_TEST

START_TEST(another_version_is_refused)
{
    uint32_t newer = FX_VERSION + 1, older = FX_VERSION - 1;

    make();
    poke(offsetof(struct fx_super, version), &newer, sizeof(newer));
    assert_refused("newer");
    poke(offsetof(struct fx_super, version), &older, sizeof(older));
    assert_refused("another version");
}
END_TEST

/* Whole, but of the tools of another Xen. */
START_TEST(a_machine_of_another_xen_is_refused)
{
    const size_t from = offsetof(struct fx_super, nr_frames);
    struct fx_super *super;
    char want[160];

    make();
    super = peek();
    super->xen = 4 << 16 | 99;
    super->checksum = (uint32_t)crc32(0, (const Bytef *)super + from,
                                      (uInt)(FX_STATIC_BYTES - from));
    poke(0, super, FX_STATIC_BYTES);
    snprintf(want, sizeof(want),
             "a machine with Xen 4.99, and this fakexen is for the tools of "
             "Xen %u.%u; remove it for a new machine",
             XEN_MAJOR, XEN_MINOR);
    assert_refused(want);
    free(super);
}
END_TEST

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
}

START_TEST(foreign_files_are_refused_and_left_alone)
{
    static const char *const text[] = {"x", "domwright fakex",
                                       "domwright fakexn",
                                       "kernel = \"/boot/vmlinuz\"\n"};
    char now[64] = "";
    FILE *file;
    size_t i;

    for (i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        write_file(text[i]);
        assert_refused("not a fakexen host");
        file = fopen(path, "r");
        memset(now, 0, sizeof(now));
        ck_assert_uint_eq(fread(now, 1, sizeof(now) - 1, file),
                          strlen(text[i]));
        fclose(file);
        ck_assert_str_eq(now, text[i]);
    }
}
END_TEST

START_TEST(no_file_to_be_had)
{
    struct fx_options options = {.path = "/proc/version"};
    struct fx_host *host;
    char why[256] = "";

    ck_assert_int_lt(fx_host_open(&options, &host, why, sizeof(why)), 0);
    ck_assert_msg(strstr(why, "/proc/version: ") == why, "%s", why);
    options.path = "/nonexistent/host";
    ck_assert_int_eq(fx_host_open(&options, &host, why, sizeof(why)), -ENOENT);
    options.path = "/";
    ck_assert_int_eq(fx_host_open(&options, &host, why, sizeof(why)), -EISDIR);
}
END_TEST

START_TEST(a_short_file_is_refused)
{
    struct fx_super *super;

    make();
    super = peek();
    ck_assert_int_eq(truncate(path, (off_t)super->file_bytes - 1), 0);
    assert_refused("shorter");
    ck_assert_int_eq(truncate(path, 4096), 0);
    assert_refused("");
    free(super);
}
END_TEST

/* With a checksum that fits, so that only the contents speak against it. */
static void poke_signed(const struct fx_super *good, size_t at,
                        const void *bytes, size_t size)
{
    struct fx_super *super = malloc(sizeof(*super));
    size_t from = offsetof(struct fx_super, nr_frames);

    *super = *good;
    memcpy((uint8_t *)super + at, bytes, size);
    super->checksum =
        (uint32_t)crc32(0, (Bytef *)super + from,
                        (uInt)(offsetof(struct fx_super, lock) - from));
    poke(0, super, offsetof(struct fx_super, lock));
    free(super);
}

START_TEST(a_contradictory_superblock_is_refused)
{
#define FIELD(name)                                                            \
    {                                                                          \
        offsetof(struct fx_super, name), sizeof(((struct fx_super *)0)->name)  \
    }
    static const struct {
        size_t at, size;
    } field[] = {
        FIELD(nr_frames),   FIELD(ram_frames),       FIELD(level),
        FIELD(nr_nodes),    FIELD(nr_ram),           FIELD(ram[0].first),
        FIELD(ram[0].end),  FIELD(ram_node[0]),      FIELD(frames_at),
        FIELD(m2p_at),      FIELD(compat_m2p_at),    FIELD(free_at),
        FIELD(mappings_at), FIELD(mapped_frames_at), FIELD(store_at),
        FIELD(memory_at),   FIELD(store_bytes),      FIELD(file_bytes),
    };
#undef FIELD
    static const uint64_t value[] = {0, 1ull << 33, UINT64_MAX, 1ull << 63};
    struct fx_super *good;
    size_t i, k;

    make();
    good = peek();
    for (i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
        for (k = 0; k < sizeof(value) / sizeof(value[0]); k++) {
            uint64_t v = value[k];

            if (field[i].size == 4)
                v = v ? UINT32_MAX - k : 0;
            if (!memcmp(&v, (uint8_t *)good + field[i].at, field[i].size))
                continue;
            poke_signed(good, field[i].at, &v, field[i].size);
            assert_refused("damaged");
        }
    }
    poke_signed(good, 0, good, 1);
    fx_host_close(fx_open_path(path));
    free(good);
}
END_TEST

/* Each in itself as it can be, but there is no accounting for the last. */
START_TEST(ram_beyond_the_frame_table_is_refused)
{
    struct fx_super *good, bad;

    make();
    good = peek();
    bad = *good;
    bad.ram[bad.nr_ram - 1].end = bad.nr_frames + 1;
    bad.ram_frames += bad.nr_frames + 1 - good->ram[good->nr_ram - 1].end;
    poke_signed(&bad, 0, &bad, 1);
    assert_refused("contradicts itself");
    poke_signed(good, 0, good, 1);
    make();
    free(good);
}
END_TEST

START_TEST(a_domain_that_cannot_be_is_refused)
{
    struct fx_host *host = fx_open_path(path);
    struct fx_domain *domain;

    fx_lock(host);
    domain = fx_new_domain(host, 5);
    domain->shared_info = UINT64_C(1) << 40;
    fx_unlock(host);
    assert_refused("damaged");
    domain->shared_info = 0;
    fx_vcpu(host, domain, 0)->context = host->super->nr_frames;
    assert_refused("damaged");
    fx_vcpu(host, domain, 0)->context = 0;
    domain->max_vcpus = FX_MAX_VCPUS + 1;
    assert_refused("domain in slot 1 has what cannot be");
    domain->max_vcpus = 1;
    *(uint8_t *)&host->super->pool[1].exists = 8;
    assert_refused("a pool of CPUs is what cannot be");
    host->super->pool[1].exists = false;
    host->super->free_frames = host->super->ram_frames + 1;
    assert_refused("damaged");
    fx_host_close(host);
}
END_TEST

/* As many MSRs as there is room for, and none that a guest may have: one more
 * has no place. */
START_TEST(a_state_full_of_strange_msrs)
{
    struct fx_host *host = fx_open_path(path);
    struct xen_domctl_vcpu_msr msr = {.index = 0xc0000103, .value = 1};
    struct xen_domctl op = {.cmd = XEN_DOMCTL_set_vcpu_msrs,
                            .u.vcpu_msrs.msr_count = 1};
    struct fx_caller caller;
    struct fx_vcpu_state *v, before;
    struct fx_domain *domain;

    set_xen_guest_handle_raw(op.u.vcpu_msrs.msrs, &msr);
    fx_lock(host);
    caller = fx_process_caller(host);
    domain = fx_new_domain(host, 5);
    v = fx_vcpu_state(host, domain, 0);
    v->nr_msrs = FX_VCPU_MSRS;
    v->hard_affinity = 0;
    before = *v;
    ck_assert_int_eq(fx_vcpu_msrs(&caller, domain, &op), -ENOSPC);
    ck_assert_mem_eq(v, &before, sizeof(before));
    v->nr_msrs = 0;
    op.u.vcpu_msrs.msr_count = 1;
    ck_assert_int_eq(fx_vcpu_msrs(&caller, domain, &op), 0);
    ck_assert_uint_eq(v->nr_msrs, 1);
    fx_unlock(host);
    fx_host_close(host);
}
END_TEST

START_TEST(options_that_cannot_be)
{
    const struct fx_options bad[] = {
        {.path = path, .memory_bytes = 1},
        {.path = path, .memory_bytes = UINT64_MAX},
        {.path = path, .nodes = FX_MAX_NODES + 1},
        {.path = path, .memory_bytes = 4 * MIB, .nodes = 8},
    };
    struct fx_host *host;
    char why[256];
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(fx_host_open(&bad[i], &host, why, sizeof(why)),
                         -EINVAL);
        make();
        unlink(path);
    }
}
END_TEST

/* -- what was asked for, and what is there -- */

static void assert_contradicted(const struct fx_options *options,
                                const char *line)
{
    struct fx_host *host;
    char why[256] = "", want[300];

    ck_assert_int_eq(fx_host_open(options, &host, why, sizeof(why)), -EINVAL);
    snprintf(want, sizeof(want), "%s: %s", path, line);
    ck_assert_str_eq(why, want);
}

START_TEST(options_that_contradict_the_machine)
{
    struct fx_options made = {
        .path = path, .memory_bytes = 64 * MIB, .nodes = 2, .level = FX_STOCK};
    struct fx_options asked = {.path = path};

    fx_host_close(fx_open(&made));
    fx_host_close(fx_open(&asked));
    made.has_level = true;
    fx_host_close(fx_open(&made));
    asked.nodes = 2;
    fx_host_close(fx_open(&asked));
    asked.memory_bytes = 64 * MIB;
    fx_host_close(fx_open(&asked));
    asked.memory_bytes = 128 * MIB;
    assert_contradicted(&asked,
                        "the machine has 64M of memory, not 128M; leave "
                        "out --memory, or name a new machine");
    asked.nodes = 1;
    assert_contradicted(&asked, "the machine has 2 nodes, not 1; leave out "
                                "--nodes, or name a new machine");
    asked = (struct fx_options){.path = path, .has_level = true};
    assert_contradicted(&asked, "the machine's level is stock, not patched; "
                                "leave out --level, or name a new machine");
    asked = (struct fx_options){.path = path, .has_shadow = true};
    fx_host_close(fx_open(&asked));
    asked.shadow = true;
    assert_contradicted(&asked, "the machine has no shadow paging; leave out "
                                "--shadow, or name a new machine");
    asked = (struct fx_options){.path = path, .has_seed = true};
    assert_contradicted(&asked, "the machine has no seed; leave out --seed, or "
                                "name a new machine");
    fx_host_close(fx_open(&(struct fx_options){.path = path}));
}
END_TEST

START_TEST(a_map_that_contradicts_the_machine)
{
    struct fx_options options = {.path = path, .e820_path = "fx-map"};
    FILE *map = fopen("fx-map", "w");

    fputs("0 +64M ram\n32M +1M reserved\n", map);
    fclose(map);
    fx_host_close(fx_open(&options));
    fx_host_close(fx_open(&options));
    options.memory_bytes = 64 * MIB;
    options.e820_path = NULL;
    assert_contradicted(&options,
                        "the machine has a memory map with 62 MiB, not 64M; "
                        "leave out --memory, or name a new machine");
    unlink(path);
    make();
    options = (struct fx_options){.path = path, .e820_path = "fx-map"};
    assert_contradicted(&options,
                        "the machine has 16M of memory, and not the map in "
                        "fx-map; leave out --e820, or name a new machine");
    unlink("fx-map");
}
END_TEST

START_TEST(the_largest_machine)
{
    struct fx_options options = {.path = path,
                                 .memory_bytes = UINT64_C(1) << 40};
    struct fx_host *host;
    char why[256];

    fx_host_close(fx_open(&options));
    host = fx_open(&options);
    ck_assert_uint_gt(host->super->ram_frames, (UINT64_C(1) << 28) - 0x100);
    fx_host_close(host);
    unlink(path);
    options.memory_bytes++;
    options.memory_bytes += FX_PAGE_SIZE;
    ck_assert_int_eq(fx_host_open(&options, &host, why, sizeof(why)), -EINVAL);
}
END_TEST

/* -- a copy to look at -- */

static struct fx_host *view(int want)
{
    struct fx_options options = {.path = path};
    struct fx_host *host;
    char why[256] = "";

    ck_assert_int_eq(fx_host_view(&options, &host, why, sizeof(why)), want);
    return host;
}

START_TEST(a_copy_is_not_the_machine)
{
    struct fx_host *host = fx_open_path(path), *copy;
    struct stat before, after;
    struct fx_domain *domain;
    int status;
    pid_t pid;

    fx_lock(host);
    domain = fx_new_domain(host, 5);
    fx_new_frame(host, domain);
    ck_assert_ptr_null(view(-EBUSY));
    fx_unlock(host);
    ck_assert_int_eq(stat(path, &before), 0);
    copy = view(0);
    ck_assert_uint_eq(fx_audit(copy, fx_say, NULL), 0);
    fx_domain_kill(copy, fx_domain(copy, 5));
    ck_assert(fx_view_is_good(copy));
    fx_host_close(copy);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert(!memcmp(&before.st_mtim, &after.st_mtim, sizeof(after.st_mtim)));
    ck_assert(!memcmp(&before.st_ctim, &after.st_ctim, sizeof(after.st_ctim)));
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    ck_assert_ptr_nonnull(fx_domain(host, 5));

    /* Whose holder died: repaired in the copy, and no further. */
    pid = fork();
    if (pid == 0) {
        fx_lock(host);
        fx_domain(host, 5)->tot_pages += 7;
        raise(SIGKILL);
    }
    waitpid(pid, &status, 0);
    copy = view(0);
    ck_assert_uint_eq(fx_audit(copy, fx_say, NULL), 0);
    ck_assert(fx_view_is_good(copy));
    ck_assert_uint_ne(fx_audit(host, NULL, NULL), 0);
    fx_lock(host);
    fx_unlock(host);
    ck_assert(!fx_view_is_good(copy));
    fx_host_close(copy);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_host_close(host);
}
END_TEST

START_TEST(whoever_opens_what_is_looked_at_is_alone)
{
    struct fx_host *host, *copy;
    pthread_mutex_t held;

    /* As it is after the machine below this one went down. */
    host = fx_open_path(path);
    fx_lock(host);
    held = host->super->lock;
    fx_unlock(host);
    fx_host_close(host);
    poke(offsetof(struct fx_super, lock), &held, sizeof(held));
    copy = view(0);
    host = fx_open_path(path);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_host_close(host);
    fx_host_close(copy);
}
END_TEST

/* Nothing of the thread's leads to where it was. */
START_TEST(a_copy_goes_whole)
{
    struct fx_host *host = fx_open_path(path), *copy = view(0);
    void *at = copy->super;
    size_t bytes = copy->bytes;

    fx_host_close(copy);
    ck_assert_ptr_eq(
        mmap(at, bytes, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
             -1, 0),
        at);
    fx_lock(host);
    fx_unlock(host);
    fx_host_close(host);
}
END_TEST

static int refuse(struct fx_host *host, char *why, size_t len)
{
    (void)host;
    snprintf(why, len, "damaged");
    return -EINVAL;
}

static int repair_nothing(struct fx_host *host)
{
    (void)host;
    ck_abort_msg("repaired before it was checked");
    return 0;
}

/* What a dead one left is put in order only where it can be so. */
START_TEST(no_copy_of_what_cannot_be)
{
    static const struct fx_hooks hooks = {.check = refuse,
                                          .repair = repair_nothing};
    struct fx_options options = {.path = path};
    struct fx_host *host = fx_open_path(path);
    char why[256] = "";

    host->super->busy = true;
    fx_host_close(host);
    ck_assert_int_eq(fx_machine_view(&options, &hooks, &host, why, sizeof(why)),
                     -EINVAL);
    ck_assert_ptr_nonnull(strstr(why, "damaged"));
}
END_TEST

START_TEST(no_copy_of_what_is_no_machine)
{
    struct stat st;

    ck_assert_ptr_null(view(-ENOENT));
    ck_assert_int_ne(stat(path, &st), 0);
    write_file("x");
    ck_assert_ptr_null(view(-EINVAL));
}
END_TEST

/* -- a file system that gives no room in advance -- */

static bool no_fallocate;
static off_t lowest_write;

int fallocate(int fd, int mode, off_t at, off_t bytes)
{
    if (!no_fallocate)
        return (int)syscall(SYS_fallocate, fd, mode, at, bytes);
    errno = EOPNOTSUPP;
    return -1;
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
    if (at < lowest_write)
        lowest_write = at;
    return syscall(SYS_pwrite64, fd, from, size, at);
}

/* The lock is in it, and what others change without it: nobody but the first
 * one writes it anew. */
START_TEST(the_superblock_of_a_machine_in_use_is_left_alone)
{
    struct fx_host *host, *second;
    struct fx_domain *domain;
    uint64_t vcpus_at;

    no_fallocate = true;
    host = fx_open_path(path);
    vcpus_at = host->super->vcpus_at;
    ck_assert_int_eq(lowest_write, 0);
    lowest_write = INT64_MAX;
    second = fx_open_path(path);
    fx_lock(second);
    domain = fx_new_domain(second, 5);
    fx_new_frame(second, domain);
    fx_unlock(second);
    ck_assert_int_ge(lowest_write, (off_t)vcpus_at);
    ck_assert_int_lt(lowest_write, INT64_MAX);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_host_close(second);
    fx_host_close(host);
}
END_TEST

/* Or a block's part could be given back out of one that others still use. */
START_TEST(what_is_said_of_frames_has_granules_for_itself)
{
    struct fx_host *host = fx_open_path(path);
    const uint64_t granule = UINT64_C(1) << FX_GRANULE_SHIFT;

    ck_assert_uint_eq(host->super->vcpus_at % granule, 0);
    ck_assert_uint_eq(host->super->frames_at % granule, 0);
    ck_assert_uint_eq(host->super->m2p_at % granule, 0);
    fx_host_close(host);
}
END_TEST

/* -- descriptors -- */

/* What daemons and shells do to those that they know nothing of: the numbers
 * are another file's then. */
static void close_and_reuse(const struct fx_host *host)
{
    int fds[2] = {host->fd, host->read_fd}, other = open("/dev/zero", O_RDWR);
    size_t i;

    for (i = 0; i < 2; i++)
        if (fds[i] >= 0)
            ck_assert_int_eq(dup2(other, fds[i]), fds[i]);
}

/* _i & 1: the numbers are in use by another file; 2: few descriptors at all; 4:
 * the file has no name any more. */
START_TEST(the_program_closes_descriptors)
{
    struct rlimit few = {64, 64};
    struct fx_host *host;
    struct fx_alloc want = {.node = FX_ANY_NODE};
    uint64_t mfn, free_frames;

    if (_i & 2)
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    host = fx_open_path(path);
    fx_lock(host);
    mfn = fx_alloc_frames(host, &want, DOMID_XEN);
    fx_new_domain(host, 5);
    strcpy(fx_page(host, mfn), "still there");
    free_frames = fx_free_frames_count(host);
    fx_unlock(host);
    if (_i & 4)
        unlink(path);
    if (_i & 1)
        close_and_reuse(host);
    else
        close_range(3, UINT32_MAX, 0);
    fx_lock(host);
    fx_free_map_rebuild(host);
    ck_assert_uint_eq(fx_free_frames_count(host), free_frames);
    ck_assert(!fx_is_free(host, mfn));
    ck_assert_uint_eq(fx_next_used(host, mfn), mfn);
    ck_assert_uint_eq(fx_next_used(host, mfn + 1), FX_NO_MFN);
    ck_assert_int_ge(fx_file_fd(host), 0);
    ck_assert_int_ge(fx_file_read_fd(host), 0);
    ck_assert_int_eq(fcntl(fx_file_read_fd(host), F_GETFL) & O_ACCMODE,
                     O_RDONLY);
    ck_assert_str_eq(fx_page(host, mfn), "still there");
    fx_unlock(host);
    fx_host_close(host);
}
END_TEST

/* It is no less the user of the machine: who comes is not alone. */
START_TEST(who_closed_descriptors_still_has_the_lock)
{
    struct fx_host *host = fx_open_path(path), *second;

    ck_assert_int_eq(close_range(3, UINT32_MAX, 0), 0);
    fx_lock(host);
    if (fork() == 0) {
        alarm(20);
        second = fx_open_path(path); /* waits for the lock */
        fx_host_close(second);
        _exit(0);
    }
    usleep(100000);

    ck_assert_int_eq(host->super->lock.__data.__owner, getpid());
    fx_unlock(host);
    ck_assert_int_gt(wait(NULL), 0);
    fx_host_close(host);
}
END_TEST

/* -- made, and made once -- */

START_TEST(what_is_written_is_found_again)
{
    struct fx_host *host = fx_open_path(path);
    struct fx_alloc want = {.node = FX_ANY_NODE};
    uint64_t mfn, free_frames;

    ck_assert_uint_eq(host->super->ram_frames, host->super->free_frames);
    fx_lock(host);
    mfn = fx_alloc_frames(host, &want, DOMID_XEN);
    strcpy(fx_page(host, mfn), "still there");
    free_frames = fx_free_frames_count(host);
    fx_unlock(host);
    fx_host_close(host);

    host = fx_open(&(struct fx_options){.path = path});
    ck_assert_str_eq(fx_page(host, mfn), "still there");
    ck_assert_uint_eq(fx_free_frames_count(host), free_frames);
    ck_assert_uint_eq(fx_frame(host, mfn)->refs, 1);
    fx_host_close(host);
}
END_TEST

START_TEST(what_was_not_finished_is_made_anew)
{
    write_file(FX_MAGIC_MAKING "and so on");
    make();
    write_file("");
    make();
}
END_TEST

START_TEST(without_a_name)
{
    struct fx_host *host = fx_open(&(struct fx_options){0});

    ck_assert_uint_ge(host->super->ram_frames, (UINT64_C(6) << 18) - 0x100);
    ck_assert(fx_is_ram(host, 0xbffff) && !fx_is_ram(host, 0xc0000));
    ck_assert(!fx_is_ram(host, 0xfffff) && fx_is_ram(host, 0x100000));
    ck_assert(!fx_is_ram(host, 0) && !fx_is_ram(host, UINT64_MAX));
    ck_assert_uint_ne(host->super->nr_frames % (1 << 18), 0);
    ck_assert_ptr_null(fx_page(host, 0xc0000));
    ck_assert_ptr_null(fx_frame(host, host->super->nr_frames));
    fx_host_close(host);
}
END_TEST

/* One of many that start at once. */
static void work(void)
{
    struct fx_host *host = fx_open_path(path);
    struct fx_alloc want = {.node = FX_ANY_NODE};
    uint64_t mfn;
    int i;

    for (i = 0; i < 1000; i++) {
        fx_lock(host);
        host->super->hypercalls++;
        mfn = fx_alloc_frames(host, &want, DOMID_XEN);
        fx_unlock(host);
        fx_lock(host);
        fx_free_frame(host, mfn);
        fx_unlock(host);
    }
    fx_host_close(host);
    _exit(0);
}

START_TEST(many_start_at_once)
{
    struct fx_host *host;
    int round, i, status;

    for (round = 0; round < 5; round++) {
        for (i = 0; i < PROCESSES; i++) {
            pid_t pid = fork();

            ck_assert_int_ge(pid, 0);
            if (pid == 0)
                work();
        }
        for (i = 0; i < PROCESSES; i++) {
            ck_assert_int_gt(wait(&status), 0);
            ck_assert_int_eq(status, 0);
        }
        host = fx_open_path(path);
        ck_assert_uint_eq(host->super->hypercalls, PROCESSES * 1000);
        ck_assert_uint_eq(host->super->free_frames, host->super->ram_frames);
        ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
        fx_host_close(host);
        unlink(path);
    }
}
END_TEST

/* Who was first there need not have opened it: the next one is, then. */
START_TEST(the_first_one_is_refused)
{
    struct fx_host *host = fx_open_path(path);
    pthread_mutex_t held;
    int fd, status;
    pid_t pid;

    fx_lock(host);
    held = host->super->lock;
    fx_unlock(host);
    fx_host_close(host);
    poke(offsetof(struct fx_super, lock), &held, sizeof(held));
    fd = open(path, O_RDWR);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    pid = fork();
    if (pid == 0) {
        close(fd);
        alarm(3);
        fx_host_close(fx_open_path(path));
        _exit(0);
    }
    usleep(100000);
    close(fd);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* Some of those that make the file are killed at it. */
START_TEST(killed_at_the_making)
{
    struct unit_random r = unit_random_case(0);
    int i;

    for (i = 0; i < 100; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            fx_host_close(fx_open_path(path));
            _exit(0);
        }
        usleep((useconds_t)unit_below(&r, 1500));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        make();
        unlink(path);
    }
}
END_TEST

TCase *fx_file_case(void)
{
    TCase *tc = tcase_create("file");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_damaged_bit_of_the_static_part_is_refused);
    tcase_add_test(tc, another_version_is_refused);
    tcase_add_test(tc, a_machine_of_another_xen_is_refused);
    tcase_add_test(tc, foreign_files_are_refused_and_left_alone);
    tcase_add_test(tc, no_file_to_be_had);
    tcase_add_test(tc, a_short_file_is_refused);
    tcase_add_test(tc, a_contradictory_superblock_is_refused);
    tcase_add_test(tc, ram_beyond_the_frame_table_is_refused);
    tcase_add_test(tc, a_domain_that_cannot_be_is_refused);
    tcase_add_test(tc, a_state_full_of_strange_msrs);
    tcase_add_test(tc, options_that_contradict_the_machine);
    tcase_add_test(tc, a_map_that_contradicts_the_machine);
    tcase_add_test(tc, the_largest_machine);
    tcase_add_test(tc, a_copy_is_not_the_machine);
    tcase_add_test(tc, whoever_opens_what_is_looked_at_is_alone);
    tcase_add_test(tc, a_copy_goes_whole);
    tcase_add_test(tc, no_copy_of_what_cannot_be);
    tcase_add_test(tc, no_copy_of_what_is_no_machine);
    tcase_add_test(tc, the_superblock_of_a_machine_in_use_is_left_alone);
    tcase_add_test(tc, what_is_said_of_frames_has_granules_for_itself);
    tcase_add_test(tc, options_that_cannot_be);
    tcase_add_loop_test(tc, the_program_closes_descriptors, 0, 8);
    tcase_add_test(tc, who_closed_descriptors_still_has_the_lock);
    tcase_add_test(tc, what_is_written_is_found_again);
    tcase_add_test(tc, what_was_not_finished_is_made_anew);
    tcase_add_test(tc, without_a_name);
    tcase_add_test(tc, many_start_at_once);
    tcase_add_test(tc, the_first_one_is_refused);
    tcase_add_test(tc, killed_at_the_making);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("fx_host");

    suite_add_tcase(suite, fx_file_case());
    suite_add_tcase(suite, fx_e820_case());
    suite_add_tcase(suite, fx_alloc_case());
    suite_add_tcase(suite, fx_guest_case());
    suite_add_tcase(suite, fx_mapping_case());
    suite_add_tcase(suite, fx_audit_case());
    suite_add_tcase(suite, fx_kill_case());
    suite_add_tcase(suite, fx_domain_case());
    return unit_run(suite);
}
