/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * migration.h - which domains are on their way from host to host, or into a
 * file, and what becomes of them where whoever saw to it was killed.
 *
 * A node of xenstore, /libxl/ID/domwright-migration, says for each who does,
 * and whose the guest is: the sender's until it is about to say GO
 * (stream/handshake.h), the receiver's from when it has heard it.  One that is
 * saved has /libxl/ID/domwright-save.  They go with the domain.
 */
#ifndef DW_GUEST_MIGRATION_H
#define DW_GUEST_MIGRATION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/host.h"

/* Behind the guest's name, as xl has it: while it is not yet the receiver's,
 * and when it is no longer the sender's. */
#define MIGRATION_INCOMING "--incoming"
#define MIGRATION_AWAY     "--migratedaway"

/* How far it is. */
enum migration_phase {
    MIGRATION_OPEN,
    MIGRATION_ASKED, /* the guest may have been asked to suspend */
    MIGRATION_GIVEN, /* GO was said, or heard */
    MIGRATION_DONE,  /* it runs, where it was received */
};

struct migration {
    bool saves; /* a node of its own */
    bool sends; /* or receives */
    enum migration_phase phase;
    bool paused;  /* it is not to run then */
    pid_t pid;    /* of who sees to it */
    uint64_t age; /* when that began: field 22 of /proc/PID/stat */
    char *name;   /* the guest's own */
    char *target; /* the command that leads to the receiver; "": unknown */
};

/* A migration that this process sees to.  The strings are copied. */
int __attribute__((warn_unused_result))
migration_init(struct migration *m, bool sends, const char *name,
               const char *target);
void migration_dispose(struct migration *m);

/* A domain that this process saves. */
int __attribute__((warn_unused_result))
migration_init_save(struct migration *m, const char *name);

/* The node's value, in malloc(3)ed memory; NULL where that ran out. */
char *migration_text(const struct migration *m);

/* 0, or a negative errno and the failure in host->dg. */
int __attribute__((warn_unused_result))
migration_write(struct host *host, uint32_t domid, const struct migration *m);

/* 1: it is on its way; 0: it is not, and *m is empty; or a negative errno. */
int __attribute__((warn_unused_result))
migration_read(struct host *host, uint32_t domid, struct migration *m);

/* It is there: no longer on its way. */
void migration_clear(struct host *host, uint32_t domid);

/* It was saved, or was not. */
void migration_clear_save(struct host *host, uint32_t domid);

/* Does the process live that sees to it? */
bool migration_is_alive(const struct migration *m);

/* 0: nobody is about to give the domain, `who` in messages, away, to receive or
 * to save it; or a negative errno and the failure in host->dg. */
int __attribute__((warn_unused_result))
migration_check_none(struct host *host, uint32_t domid, const char *who);

/* That, and migration_write(): of two at once one does. */
int __attribute__((warn_unused_result))
migration_claim(struct host *host, uint32_t domid, const struct migration *m,
                const char *who);

/* What a receiver has heard GO for: it gets its name, runs, and is noted as
 * done. */
int __attribute__((warn_unused_result))
migration_start(struct host *host, uint32_t domid, struct migration *m);

/* A suspended guest whose migration came to nothing goes on. */
int __attribute__((warn_unused_result))
migration_take_back(struct host *host, uint32_t domid,
                    const struct migration *m);

/*
 * Sees to all whose sender or receiver was killed: a guest that is the sender's
 * goes on there, one that is not the receiver's yet is removed there, and one
 * that is runs.  One that was being saved goes on, too.  Of one that was given
 * away a warning says how to find out.  0, or a negative errno and the failure
 * in host->dg.
 */
int __attribute__((warn_unused_result)) migration_mend(struct host *host);

#endif /* DW_GUEST_MIGRATION_H */
