/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_fx_host.h - what the tests of fakexen's host file have in common.
 */
#ifndef DW_TEST_FX_HOST_H
#define DW_TEST_FX_HOST_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/alloc.h"
#include "machine/frames.h"
#include "recovery/audit.h"
#include "domain/domain.h"
#include "domain/state.h"
#include "recovery/open.h"

#define MIB (UINT64_C(1) << 20)

/* For what runs in a child that is killed: check's own assertions write to the
 * test's log, and would leave half a line there. */
#define FX_MUST(cond)                                                          \
    do {                                                                       \
        if (!(cond)) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);         \
            abort();                                                           \
        }                                                                      \
    } while (0)

TCase *fx_file_case(void);
TCase *fx_e820_case(void);
TCase *fx_alloc_case(void);
TCase *fx_guest_case(void);
TCase *fx_mapping_case(void);
TCase *fx_audit_case(void);
TCase *fx_kill_case(void);
TCase *fx_domain_case(void);

/* A name in a directory of the test's own, which fx_end_path() removes. */
static inline const char *fx_new_path(char path[64])
{
    strcpy(path, "fx-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    return strcat(path, "/host");
}

static inline void fx_end_path(char path[64])
{
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
}

static inline struct fx_host *fx_open(const struct fx_options *options)
{
    struct fx_host *host;
    char why[256] = "";

    if (fx_host_open(options, &host, why, sizeof(why)))
        ck_abort_msg("%s", why);
    return host;
}

static inline struct fx_host *fx_open_path(const char *path)
{
    return fx_open(&(struct fx_options){
        .path = path,
        .memory_bytes = 16 * MIB,
    });
}

static inline void fx_say(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "%s\n", line);
}

static inline struct fx_domain *fx_new_domain(struct fx_host *host,
                                              uint16_t domid)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = 1,
        .max_evtchn_port = -1,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = 1,
    };

    FX_MUST(!fx_domain_create(host, domid, &config));
    FX_MUST(!fx_domain_make_vcpus(host, fx_domain(host, domid)));
    return fx_domain(host, domid);
}

/* With what is left when the lock is left, if nobody refers to it. */
static inline void fx_end_domain(struct fx_host *host, struct fx_domain *domain)
{
    fx_domain_kill(host, domain);
    fx_reap_domains(host);
}

/* A frame of the domain's memory, all zero. */
static inline uint64_t fx_new_frame(struct fx_host *host,
                                    struct fx_domain *domain)
{
    struct fx_alloc want = {.node = FX_ANY_NODE};
    uint64_t mfn = fx_alloc_frames(host, &want, domain->id);

    FX_MUST(mfn != FX_NO_MFN);
    fx_domain_adjust_pages(host, domain, 1);
    memset(fx_page(host, mfn), 0, FX_PAGE_SIZE);
    return mfn;
}

#endif /* DW_TEST_FX_HOST_H */
