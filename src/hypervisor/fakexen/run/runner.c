/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/sched.h>

#include <xen/xen.h>
#include <xen/vcpu.h>

#include "domain/domain.h"
#include "domain/event.h"
#include "domain/time.h"
#include "machine/file.h"
#include "machine/lock.h"
#include "machine/process.h"
#include "machine/wake.h"
#include "memory/mapping.h"
#include "run/console.h"
#include "run/cpu.h"
#include "run/store_ring.h"
#include "run/vcpu.h"

/* How long a vCPU runs until others have their turn, and the console, the
 * timers and the domain are looked at: a millisecond. */
#define SLICE_US 1000
#define SECOND   INT64_C(1000000000)

/* On a machine with a seed, where chance comes from that, it is so many
 * nanoseconds of the domain's time, and so many more at most. */
#define LEAST_SLICE INT64_C(100000)
#define MORE_SLICE  1800000u

/* Its time is told anew after that long. */
#define TIME_UPDATE SECOND

struct runner {
    struct fx_host *host;
    struct fx_domain *domain;
    uint16_t domid;
    const struct fx_cpu_library *library;
    struct fx_store_ring *store;
    struct fx_console console;
    struct fx_vcpu_run *vcpus[FX_MAX_VCPUS];
    struct fx_vcpu_run *first; /* of those that there are */
    int64_t told;              /* when its time was */
    int64_t reaped;            /* when who uses its grants was looked for */
    bool ticking;
    bool seeded;
    uint64_t chance; /* the state of what is chance */
};

/* A handler has no argument for it. */
static volatile sig_atomic_t tick;

static void on_tick(int signo)
{
    (void)signo;
    tick = 1;
}

static void set_ticking(struct runner *r, bool on)
{
    struct itimerval t = {0};

    if (r->ticking == on)
        return;
    if (on)
        t.it_interval.tv_usec = t.it_value.tv_usec = SLICE_US;
    setitimer(ITIMER_REAL, &t, NULL);
    r->ticking = on;
}

static void note(void *arg, uint16_t domid, const char *text, size_t len)
{
    struct runner *r = arg;

    (void)domid;
    fx_console_note(&r->console, text, len);
}

/* The domain as it was when this began; it may be gone, and another one in its
 * place. */
static bool is_there(const struct runner *r)
{
    return fx_domain(r->host, r->domid) == r->domain && !r->domain->dying &&
           r->domain->runner == fx_process_own(r->host);
}

static struct fx_vcpu_run *vcpu_run(struct runner *r, uint32_t id)
{
    struct fx_vcpu_run *v = r->vcpus[id];

    if (v)
        return v;
    v = calloc(1, sizeof(*v));
    if (v && fx_vcpu_run_init(v, r->library, r->host, r->domain, id)) {
        fx_vcpu_run_dispose(v);
        free(v);
        v = NULL;
    }
    r->vcpus[id] = v;
    if (!v)
        return NULL;
    v->tick = &tick;
    v->all = &r->first;
    v->next = r->first;
    r->first = v;
    return v;
}

static void no_cpu(struct runner *r, uint32_t vcpu)
{
    char line[80];
    int n = snprintf(line, sizeof(line),
                     "fakexen: domain %u: no CPU for vCPU %" PRIu32
                     ": out of memory\n",
                     r->domid, vcpu);

    fx_console_note(&r->console, line, (size_t)n);
    fx_domain_shutdown(r->host, r->domain, SHUTDOWN_crash);
}

/* To one that is about to run: how often it is told is the same in each run. */
static void tell_time(struct runner *r, int64_t now)
{
    const struct fx_vcpu *vcpu;
    uint32_t i;

    if (r->domain->pause_count || (r->told && now - r->told < TIME_UPDATE))
        return;
    if (!r->told)
        fx_update_wallclock(r->host, r->domain);
    for (i = 0; (vcpu = fx_vcpu(r->host, r->domain, i)); i++)
        if (vcpu->exists)
            fx_update_time(r->host, r->domain, i, now);
    r->told = now;
}

/* Its rings, which it may have written to. */
/* Which of its grants are in use, it asks nobody but its memory; and whoever
 * used them dies by the computer's clock, whatever the domain's is. */
static void reap_users(struct runner *r)
{
    int64_t now = fx_system_time();

    if (now - r->reaped < SECOND)
        return;
    r->reaped = now;
    if (r->host->super->mapping_slots)
        fx_mapping_reap(r->host);
}

static void serve(struct runner *r)
{
    fx_console_serve(&r->console);
    fx_store_ring_serve(r->store);
}

/* splitmix64. */
static uint64_t draw(struct runner *r)
{
    uint64_t z = r->chance += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void begin_slice(struct runner *r, struct fx_vcpu_run *v)
{
    tick = 0;
    if (r->seeded)
        v->until =
            r->domain->clock + LEAST_SLICE + (int64_t)(draw(r) % MORE_SLICE);
    else
        set_ticking(r, true);
}

static bool slice_is_over(const struct runner *r, const struct fx_vcpu_run *v)
{
    return tick || (!v->midway && r->domain->clock >= v->until);
}

/* Until its slice is over, or there is nothing for it to do. */
static void run_slice(struct runner *r, struct fx_vcpu_run *v)
{
    bool waits;

    r->domain->unsaved = 1;
    fx_runstate(r->host, r->domain, v->id, RUNSTATE_running,
                fx_now(r->host, r->domain));
    begin_slice(r, v);
    fx_state_of(v)->yields = 0;
    while (!slice_is_over(r, v) && is_there(r) &&
           !fx_vcpu_wait(r->host, r->domain, v->id) &&
           !fx_state_of(v)->yields) {
        fx_vcpu_run(v);
        if (r->host->unrepaired || !is_there(r))
            return;
        if (!v->midway)
            serve(r);
    }
    waits = fx_vcpu_wait(r->host, r->domain, v->id);
    fx_runstate(r->host, r->domain, v->id,
                !waits                    ? RUNSTATE_runnable
                : fx_state_of(v)->blocked ? RUNSTATE_blocked
                                          : RUNSTATE_offline,
                fx_now(r->host, r->domain));
    if (waits)
        fx_vcpu_park(v);
}

/* Lets all that can run; how long there is nothing to do after that. */
static int64_t run_all(struct runner *r)
{
    const struct fx_vcpu *vcpu;
    int64_t wait, least = FX_WAIT_EVENT;
    uint32_t i;

    for (i = 0; is_there(r) && (vcpu = fx_vcpu(r->host, r->domain, i)); i++) {
        struct fx_vcpu_run *v;

        if (!vcpu->exists)
            continue;
        wait = fx_vcpu_wait(r->host, r->domain, i);
        if (!wait) {
            v = vcpu_run(r, i);
            if (!v) {
                no_cpu(r, i);
                return 0;
            }
            run_slice(r, v);
            wait = 0;
        } else if (r->vcpus[i]) {
            fx_vcpu_park(r->vcpus[i]);
        }
        if (wait < least)
            least = wait;
    }
    return least;
}

/* With the lock held, and left in between. */
static void wait_for_work(struct runner *r, int64_t wait)
{
    uint32_t seen = fx_wake_count(r->host);

    if (r->domain->unsaved) {
        r->domain->unsaved = 0;
        fx_wake(r->host);
        seen = fx_wake_count(r->host);
    }
    fx_unlock(r->host);
    set_ticking(r, false);
    fx_wake_wait_for(r->host, seen, wait < SECOND ? wait : SECOND);
    fx_lock(r->host);
}

/* What was served may have woken one. */
static bool all_wait(const struct runner *r)
{
    const struct fx_vcpu *vcpu;
    uint32_t i;

    for (i = 0; (vcpu = fx_vcpu(r->host, r->domain, i)); i++)
        if (vcpu->exists && !fx_vcpu_wait(r->host, r->domain, i))
            return false;
    return true;
}

/* On a machine with a seed time stands still unless a vCPU executes, or all of
 * them wait for it. */
static void pass_time(struct runner *r, int64_t wait)
{
    struct fx_domain *d = r->domain;

    if (!all_wait(r))
        return;
    if (d->pause_count || wait > FX_CLOCK_MAX - d->clock) {
        wait_for_work(r, FX_WAIT_EVENT);
        return;
    }
    d->clock += wait;
    fx_unlock(r->host);
    fx_lock_give_way(r->host);
    fx_lock(r->host);
}

static void run_domain(struct runner *r)
{
    int64_t now, wait;

    while (is_there(r)) {
        if (r->host->unrepaired)
            return;
        now = fx_now(r->host, r->domain);
        fx_timers(r->host, r->domain, now);
        tell_time(r, now);
        reap_users(r);
        serve(r);
        wait = run_all(r);
        if (!is_there(r))
            return;
        serve(r);
        if (wait && r->seeded)
            pass_time(r, wait);
        else if (wait)
            wait_for_work(r, wait);
        if (fx_file_is_gone(r->host))
            return;
    }
}

static int claim(struct runner *r)
{
    struct fx_domain *d = fx_domain(r->host, r->domid);
    uint64_t number;
    int rc;

    if (!d || d->dying)
        return -ESRCH;
    if (d->runner && fx_process_lives(r->host, d->runner))
        return -EBUSY;
    rc = fx_process_number(r->host, &number);
    if (rc)
        return rc;
    d->runner = number;
    r->domain = d;
    r->seeded = r->host->super->seeded;
    r->chance = r->host->super->seed ^ (uint64_t)r->domid << 48;
    return 0;
}

static void dispose(struct runner *r)
{
    uint32_t i;

    for (i = 0; i < FX_MAX_VCPUS; i++) {
        if (!r->vcpus[i])
            continue;
        fx_vcpu_run_dispose(r->vcpus[i]);
        free(r->vcpus[i]);
    }
    fx_store_ring_close(r->store);
    free(r);
}

/* Its name can be guessed: what somebody put there is not followed, or waited
 * for. */
static int open_log(const char *name)
{
    struct stat st;
    int fd = open(name,
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
                      O_NONBLOCK,
                  0600);

    if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int fx_runner(struct fx_host *host, const struct fx_cpu_library *library,
              const struct fx_runner_options *options, char *why, size_t len)
{
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    struct runner *r = calloc(1, sizeof(*r));
    int log = -1, rc;

    if (!r)
        return -ENOMEM;
    r->host = host;
    r->domid = options->domid;
    r->library = library;
    r->console.master = r->console.slave = -1;
    sigaction(SIGALRM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* who reads the console may go */
    if (options->log)
        log = open_log(options->log);
    fx_lock(host);
    rc = host->unrepaired ? -ENOMEM : claim(r);
    if (!rc)
        rc = fx_store_ring_open(host, r->domid, &r->store);
    if (!rc) {
        fx_console_open(&r->console, host, fx_store_ring_store(r->store),
                        r->domid, options->output, log);
        if (options->why >= 0)
            close(options->why);
        host->console = note;
        host->console_arg = r;
        run_domain(r);
    }
    if (rc)
        snprintf(why, len, "domain %u: %s", r->domid, strerror(-rc));
    fx_unlock(host);
    set_ticking(r, false);
    fx_console_close(&r->console);
    if (log >= 0)
        close(log);
    host->console = NULL;
    dispose(r);
    return rc;
}
