/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/live.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define XXH_STATIC_LINKING_ONLY /* the size of a secret */
#include <xxhash.h>

#include "guest/live_memory.h"
#include "guest/live_state.h"
#include "host/find.h"
#include "host/signals.h"
#include "host/suspend.h"

/* Pieces that are mapped and hashed at once: 64 MiB. */
#define GROUP     16u
#define GROUP_LEN (GROUP * MEMORY_PIECE)

#define MAX_THREADS 8
#define MAX_ROUNDS  30

/* A round that brings so little is no reason for another one. */
#define FEW_PAGES 64

#define LOOK_MS 100

enum action { SAME, SEND, LATER };

struct live {
    struct memory memory;
    struct sink sink;
    const struct live_terms *terms;
    struct live_facts *facts;
    unsigned char secret[XXH3_SECRET_SIZE_MIN];
    unsigned int threads;
    /* What was sent, by PFN; PAGE_ABSENT as before anything was. */
    uint64_t room;
    uint8_t *type;
    XXH128_hash_t *hash;
    uint8_t action[GROUP_LEN];
    /* A record: its header, words and pages. */
    uint64_t *word;
    unsigned char *pages;
    /* Of the present round: */
    uint64_t sent;    /* pages with contents */
    int64_t look_ns;  /* what it took to look, map and hash */
    int64_t write_ns; /* ... and to write */
    uint64_t written; /* bytes */
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t live_now(void)
{
    return now_ns() / 1000000;
}

/* ---- which pages are to be sent ---- */

struct share {
    struct live *live;
    uint64_t first; /* of the group */
    unsigned int from, end;
    pthread_t thread;
    bool runs;
};

static XXH128_hash_t hash_of(const struct live *live, const void *page)
{
    return XXH3_128bits_withSecret(page, DW_PAGE_SIZE, live->secret,
                                   sizeof(live->secret));
}

/* As it would be sent; false: it cannot be now. */
static bool hash_page(const struct live *live, uint64_t pfn,
                      XXH128_hash_t *hash)
{
    uint64_t table[DW_PAGE_SIZE / sizeof(uint64_t)];
    const struct memory *memory = &live->memory;

    if (!(memory->type[pfn] & PAGE_LEVEL)) {
        *hash = hash_of(live, memory->page[pfn]);
        return true;
    }
    if (!memory_normal_table(memory, pfn, table))
        return false;
    *hash = hash_of(live, table);
    return true;
}

static enum action decide(const struct live *live, uint64_t pfn)
{
    const struct memory *memory = &live->memory;
    XXH128_hash_t hash;

    if (memory->type[pfn] >= PAGE_BROKEN)
        return memory->type[pfn] == live->type[pfn] ? SAME : SEND;
    if (!memory->page[pfn])
        return LATER;
    if (memory->type[pfn] != live->type[pfn])
        return SEND;
    if (!hash_page(live, pfn, &hash))
        return LATER;
    return XXH128_isEqual(hash, live->hash[pfn]) ? SAME : SEND;
}

static void *decide_share(void *arg)
{
    const struct share *share = arg;
    unsigned int i;

    for (i = share->from; i < share->end; i++)
        share->live->action[i] = (uint8_t)decide(share->live, share->first + i);
    return NULL;
}

/* Where there is no other thread to be had this one does it. */
static void decide_all(struct live *live, uint64_t first, unsigned int n)
{
    struct share share[MAX_THREADS];
    unsigned int i;

    for (i = 0; i < live->threads; i++) {
        share[i] = (struct share){
            .live = live,
            .first = first,
            .from = n * i / live->threads,
            .end = n * (i + 1) / live->threads,
        };
        share[i].runs = i && !pthread_create(&share[i].thread, NULL,
                                             decide_share, &share[i]);
    }
    for (i = 0; i < live->threads; i++)
        if (!share[i].runs)
            decide_share(&share[i]);
    for (i = 0; i < live->threads; i++)
        if (share[i].runs)
            pthread_join(share[i].thread, NULL);
}

/* ---- sending them ---- */

static int put_record(struct live *live, unsigned int n, size_t pages)
{
    struct page_data_header header = {.count = n};
    struct record_header record = {
        .type = LIBXC_PAGE_DATA,
        .length = (uint32_t)(sizeof(header) + n * sizeof(*live->word) +
                             pages * DW_PAGE_SIZE),
    };
    struct iovec part[] = {
        {&record, sizeof(record)},
        {&header, sizeof(header)},
        {live->word, n * sizeof(*live->word)},
        {live->pages, pages * DW_PAGE_SIZE},
    };
    const int64_t begin = now_ns();
    int rc = sink_putv(&live->sink, part, 4);

    live->write_ns += now_ns() - begin;
    return rc ? state_failed(&live->memory, rc) : 0;
}

/* What is sent is what is hashed: the guest may write to the page itself. */
static bool take(struct live *live, uint64_t pfn, void *to)
{
    const struct memory *memory = &live->memory;

    if (!(memory->type[pfn] & PAGE_LEVEL))
        memcpy(to, memory->page[pfn], DW_PAGE_SIZE);
    else if (!memory_normal_table(memory, pfn, to))
        return false;
    live->hash[pfn] = hash_of(live, to);
    return true;
}

static int cannot(struct live *live, uint64_t pfn)
{
    return diag_fail(live->memory.host->dg, DW_FAILED, -EINVAL,
                     "PFN %#" PRIx64 " of domain %s, %s, cannot be sent: %s",
                     pfn, host_called(live->memory.host, live->memory.domid),
                     live->memory.type[pfn] & PAGE_LEVEL ? "a page table"
                                                         : "memory",
                     live->memory.page[pfn]
                         ? "it maps a frame that is not in the guest's list"
                         : "it cannot be mapped");
}

static int send_piece(struct live *live, uint64_t piece, const uint8_t *action)
{
    const struct memory *memory = &live->memory;
    const uint64_t first = piece * MEMORY_PIECE;
    unsigned int i, n = 0;
    size_t pages = 0;
    uint64_t pfn;

    for (i = 0; i < MEMORY_PIECE; i++) {
        pfn = first + i;
        if (action[i] == SEND && memory->type[pfn] < PAGE_BROKEN) {
            if (take(live, pfn, live->pages + pages * DW_PAGE_SIZE))
                pages++;
            else if (memory->suspended)
                return cannot(live, pfn);
            else
                continue;
        } else if (action[i] == LATER && memory->suspended) {
            return cannot(live, pfn);
        } else if (action[i] != SEND) {
            continue;
        }
        live->type[pfn] = memory->type[pfn];
        live->word[n++] =
            (uint64_t)memory->type[pfn] << PAGE_DATA_TYPE_SHIFT | pfn;
    }
    live->sent += pages;
    return n ? put_record(live, n, pages) : 0;
}

static int do_group(struct live *live, uint64_t piece, unsigned int n)
{
    struct memory *memory = &live->memory;
    const int64_t begin = now_ns();
    unsigned int i;
    int rc = 0;

    for (i = 0; !rc && i < n; i++)
        rc = memory_look(memory, piece + i);
    if (rc)
        return rc;
    decide_all(live, piece * MEMORY_PIECE, n * MEMORY_PIECE);
    live->look_ns += now_ns() - begin;
    for (i = 0; !rc && i < n; i++)
        rc = send_piece(live, piece + i, &live->action[i * MEMORY_PIECE]);
    for (i = 0; !memory->suspended && i < n; i++)
        memory_leave(memory, piece + i);
    return rc;
}

static int make_room(struct live *live)
{
    const uint64_t from = live->room, to = live->memory.room;
    uint8_t *type;
    XXH128_hash_t *hash;

    if (to <= from)
        return 0;
    type = realloc(live->type, to * sizeof(*type));
    if (type)
        live->type = type;
    hash = realloc(live->hash, to * sizeof(*hash));
    if (hash)
        live->hash = hash;
    if (!type || !hash)
        return diag_fail(live->memory.host->dg, DW_FAILED, -ENOMEM,
                         "out of memory");
    memset(type + from, PAGE_ABSENT, to - from);
    live->room = to;
    return 0;
}

static int pass(struct live *live)
{
    struct memory *memory = &live->memory;
    uint64_t piece, pieces, bytes = live->sink.bytes;
    unsigned int n;
    bool changed;
    int rc = memory_read_p2m(memory, &changed);

    live->sent = 0;
    live->look_ns = live->write_ns = 0;
    if (!rc)
        rc = make_room(live);
    if (!rc && changed)
        rc = state_p2m(memory, &live->sink);
    pieces = memory_pieces(memory);
    for (piece = 0; !rc && piece < pieces; piece += n) {
        n = pieces - piece < GROUP ? (unsigned int)(pieces - piece) : GROUP;
        rc = do_group(live, piece, n);
        /* A suspended guest waits for us, and not for what is shown. */
        if (!rc)
            rc = live->terms->tell(live->terms->tell_arg,
                                   (piece + n) * MEMORY_PIECE,
                                   pieces * MEMORY_PIECE);
    }
    live->written = live->sink.bytes - bytes;
    return rc;
}

/* ---- rounds ---- */

/* Bytes a millisecond, as far as they were measured. */
static double rate_of(int64_t ns, uint64_t bytes)
{
    return ns > 0 && bytes ? (double)bytes * 1e6 / (double)ns : 1e6;
}

/* What was just looked at is looked at again, and as many pages are sent. */
static int64_t foretell(const struct live *live, double rate)
{
    return live->look_ns / 1000000 +
           (int64_t)((double)(live->sent * DW_PAGE_SIZE) / rate);
}

static int check_downtime(struct live *live)
{
    const int64_t max = live->terms->max_downtime, ms = live->facts->foretold;

    if (max < 0 || ms <= max)
        return 0;
    return diag_fail(live->memory.host->dg, DW_FAILED, -ETIME,
                     "domain %s would stand still for about %" PRId64
                     " ms, and is to for %" PRId64 " at most",
                     host_called(live->memory.host, live->memory.domid), ms,
                     max);
}

/* What a round after the first one sends has changed since it was looked at, a
 * round's time ago. */
static void tell_round(const struct live *live, int64_t ns, int64_t since_ns)
{
    const double sent = (double)live->sent;
    const struct live_round round = {
        .number = live->facts->rounds,
        .pages = live->sent,
        .ms = ns / 1000000,
        .rate = sent * 1e9 / (double)(ns > 0 ? ns : 1),
        .dirty_rate = live->facts->rounds > 1 && since_ns > 0
                          ? sent * 1e9 / (double)since_ns
                          : -1,
        .remaining = live->facts->foretold,
    };

    live->terms->round(live->terms->tell_arg, &round);
}

/* While each brings less. */
static int run_rounds(struct live *live)
{
    uint64_t before = UINT64_MAX;
    int64_t begin = 0, last;
    double rate = 0;
    int rc;

    do {
        if (live->facts->rounds)
            before = live->sent;
        last = begin;
        begin = now_ns();
        rc = pass(live);
        if (rc)
            return rc;
        /* The first one is long enough to tell how much the link takes. */
        if (!live->facts->rounds++)
            rate = rate_of(live->write_ns, live->written);
        live->facts->pages_live += live->sent;
        live->facts->foretold = foretell(live, rate);
        tell_round(live, now_ns() - begin, begin - last);
    } while (live->facts->rounds < 2 ||
             (live->sent > FEW_PAGES && live->sent < before / 4 * 3 &&
              live->facts->rounds < MAX_ROUNDS));
    return check_downtime(live);
}

/* Mapped now, it need not be while the guest stands still. */
static int map_all(struct live *live)
{
    uint64_t piece, pieces = memory_pieces(&live->memory);
    int rc = 0;

    for (piece = 0; !rc && piece < pieces; piece++)
        rc = memory_look(&live->memory, piece);
    return rc;
}

static int stop(struct live *live)
{
    const struct memory *memory = &live->memory;
    int rc = live->terms->suspends(live->terms->suspends_arg);

    if (!rc)
        rc = suspend_guest(memory->host, memory->domid, live->terms->check,
                           live->terms->suspends_arg);
    live->facts->is_suspended = !rc;
    live->facts->since = live_now();
    live->memory.suspended = !rc;
    return rc ? rc : live->terms->suspended(live->terms->suspended_arg);
}

/* ---- all of it ---- */

static int wait_for(void *arg)
{
    const struct live *live = arg;
    struct pollfd fd = {.fd = live->sink.fd, .events = POLLOUT};
    int rc = 0;

    while (!rc && !poll(&fd, 1, LOOK_MS))
        rc = interrupt_check(live->memory.host->dg);
    return rc;
}

static int open_live(struct live *live, struct host *host,
                     const xc_domaininfo_t *info, unsigned int width)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int rc = memory_open(&live->memory, host, info, width);

    if (rc)
        return rc;
    live->threads = cpus < 1             ? 1
                    : cpus > MAX_THREADS ? MAX_THREADS
                                         : (unsigned int)cpus;
    live->word = calloc(MEMORY_PIECE, sizeof(*live->word));
    live->pages = malloc(MEMORY_PIECE * DW_PAGE_SIZE);
    if (!live->word || !live->pages)
        return diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    if (getrandom(live->secret, sizeof(live->secret), 0) !=
        (ssize_t)sizeof(live->secret))
        return diag_fail(host->dg, DW_FAILED, -errno, "no random numbers: %s",
                         strerror(errno));
    return 0;
}

static void close_live(struct live *live)
{
    memory_close(&live->memory);
    free(live->type);
    free(live->hash);
    free(live->word);
    free(live->pages);
}

static int send(struct live *live, const xc_domaininfo_t *info)
{
    int rc = state_begin(&live->memory, &live->sink);

    if (!rc)
        rc = run_rounds(live);
    if (!rc)
        rc = map_all(live);
    if (!rc)
        rc = stop(live);
    if (!rc)
        rc = pass(live);
    live->facts->pages_stopped = live->sent;
    return rc ? rc
              : state_finish(&live->memory, &live->sink, info->max_vcpu_id + 1);
}

int live_send(struct host *host, const xc_domaininfo_t *info,
              unsigned int width, int fd, const struct live_terms *terms,
              struct live_facts *facts)
{
    struct live *live = calloc(1, sizeof(*live));
    int flags = fcntl(fd, F_GETFL), rc;

    *facts = (struct live_facts){.rounds = 0};
    if (!live)
        return diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    live->terms = terms;
    live->facts = facts;
    live->sink = (struct sink){.fd = fd, .wait = wait_for, .arg = live};
    rc = open_live(live, host, info, width);
    if (!rc && (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK)))
        rc = diag_fail(host->dg, DW_FAILED, -errno, "%s", strerror(errno));
    if (!rc)
        rc = send(live, info);
    if (flags >= 0)
        fcntl(fd, F_SETFL, flags);
    close_live(live);
    free(live);
    return rc;
}
