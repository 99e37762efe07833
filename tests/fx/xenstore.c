/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libxenstore's calls as a client makes them: results and errnos are those of
 * xenstored 4.17.  Run by fakexen; with a number, one of several processes that
 * so many times count up a node in a transaction; with another, what it is to
 * be at the end.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>

#include "preload/xs_limits.h"
#include "xen_versions.h"

static unsigned int failures;

static void check(bool ok, const char *what, int line)
{
    if (ok)
        return;
    failures++;
    printf("FAILED: line %d: %s (errno %s)\n", line, what,
           strerrorname_np(errno));
}

#define CHECK(cond) check(cond, #cond, __LINE__)

/* Fails, and with that errno. */
#define REFUSED(error, call)                                                   \
    do {                                                                       \
        errno = 0;                                                             \
        CHECK(!(call) && errno == (error));                                    \
    } while (0)

/* Of a libxenstore that may be newer than the one that this is linked with. */
#define NEWER(name) ((__typeof__(&(name)))dlsym(RTLD_DEFAULT, #name))

static bool holds(struct xs_handle *h, const char *path, const char *value)
{
    unsigned int len;
    char *is = xs_read(h, XBT_NULL, path, &len);
    bool same = is && len == strlen(value) && !strcmp(is, value);

    free(is);
    return same;
}

static void nodes(struct xs_handle *h)
{
    static char large[XENSTORE_PAYLOAD_MAX];
    unsigned int n;
    char **names;

    REFUSED(ENOENT, xs_read(h, XBT_NULL, "/none", &n));
    REFUSED(EINVAL, xs_read(h, XBT_NULL, "no path", &n));
    REFUSED(EINVAL, xs_read(h, XBT_NULL, "//", &n));
    REFUSED(EINVAL, xs_read(h, XBT_NULL, "/\"\\\n\x80", &n));
    REFUSED(ENOENT, xs_directory(h, XBT_NULL, "/none", &n));
    REFUSED(E2BIG, xs_write(h, XBT_NULL, "/large", large, sizeof(large)));
    CHECK(xs_write(h, XBT_NULL, "/a/b/c", "1", 1));
    CHECK(holds(h, "/a/b/c", "1") && holds(h, "/a/b", ""));
    CHECK(xs_write(h, XBT_NULL, "relative", "2", 1));
    CHECK(holds(h, "/local/domain/0/relative", "2"));
    CHECK(xs_mkdir(h, XBT_NULL, "/a/b/c") && holds(h, "/a/b/c", "1"));
    CHECK(xs_mkdir(h, XBT_NULL, "/a/d"));
    names = xs_directory(h, XBT_NULL, "/a", &n);
    CHECK(names && n == 2 && !strcmp(names[0], "b") && !strcmp(names[1], "d"));
    free(names);
    names = xs_directory(h, XBT_NULL, "/a/d", &n);
    CHECK(names && n == 0);
    free(names);
    CHECK(xs_rm(h, XBT_NULL, "/a") && xs_rm(h, XBT_NULL, "/a"));
    REFUSED(ENOENT, xs_rm(h, XBT_NULL, "/a/b"));
    REFUSED(ENOENT, xs_read(h, XBT_NULL, "/a/b/c", &n));
    REFUSED(EINVAL, xs_rm(h, XBT_NULL, "/"));
}

static void permissions(struct xs_handle *h)
{
    struct xs_permissions perms[] = {{.id = 0, .perms = XS_PERM_NONE},
                                     {.id = 6, .perms = XS_PERM_READ}};
    struct xs_permissions *is;
    unsigned int n;

    REFUSED(ENOENT, xs_set_permissions(h, XBT_NULL, "/p", perms, 2));
    CHECK(xs_mkdir(h, XBT_NULL, "/p"));
    CHECK(xs_set_permissions(h, XBT_NULL, "/p", perms, 2));
    CHECK(xs_write(h, XBT_NULL, "/p/q/r", "", 0));
    is = xs_get_permissions(h, XBT_NULL, "/p/q/r", &n); /* inherited */
    CHECK(is && n == 2 && is[0].id == 0 && is[0].perms == XS_PERM_NONE &&
          is[1].id == 6 && is[1].perms == XS_PERM_READ);
    free(is);
    perms[0].id = 5; /* there is no such domain to be the owner */
    REFUSED(ENOENT, xs_set_permissions(h, XBT_NULL, "/p", perms, 2));
    perms[0].perms = 0x80;
    REFUSED(EINVAL, xs_set_permissions(h, XBT_NULL, "/p", perms, 2));
    REFUSED(EINVAL, xs_set_permissions(h, XBT_NULL, "/p", perms, 0));
}

static void transactions(struct xs_handle *h)
{
    xs_transaction_t t;
    unsigned int n;

    REFUSED(ENOENT, xs_transaction_end(h, 99, false));
    REFUSED(ENOENT, xs_read(h, 99, "/", &n));
    t = xs_transaction_start(h);
    CHECK(t != XBT_NULL && xs_write(h, t, "/t/a", "1", 1));
    REFUSED(ENOENT, xs_read(h, XBT_NULL, "/t/a", &n));
    CHECK(xs_transaction_end(h, t, true));
    REFUSED(ENOENT, xs_read(h, XBT_NULL, "/t/a", &n));
    t = xs_transaction_start(h);
    CHECK(xs_write(h, t, "/t/a", "1", 1) && xs_transaction_end(h, t, false));
    CHECK(holds(h, "/t/a", "1"));
    t = xs_transaction_start(h);
    free(xs_read(h, t, "/t/a", &n));
    CHECK(xs_write(h, XBT_NULL, "/t/a", "2", 1));
    CHECK(xs_write(h, t, "/t/b", "1", 1));
    REFUSED(EAGAIN, xs_transaction_end(h, t, false));
    REFUSED(ENOENT, xs_read(h, XBT_NULL, "/t/b", &n));
}

static void domains(struct xs_handle *h)
{
    char *path = xs_get_domain_path(h, 7);

    CHECK(path && !strcmp(path, "/local/domain/7"));
    free(path);
    CHECK(xs_is_domain_introduced(h, 0) && !xs_is_domain_introduced(h, 7));
    REFUSED(EINVAL, xs_introduce_domain(h, 7, 1, 1)); /* there is none */
    REFUSED(EINVAL, xs_introduce_domain(h, 0, 1, 0));
    REFUSED(EINVAL, xs_release_domain(h, 0));
    REFUSED(ENOENT, xs_release_domain(h, 7));
    REFUSED(ENOENT, xs_resume_domain(h, 7));
    CHECK(xs_suspend_evtchn_port(7) == -1);
    CHECK(!xs_restrict(h, 7));
}

/* What libxenstore has since 4.21 and 4.22; nothing is granted, and what
 * a saved guest was granted elsewhere is no reason to refuse it. */
static void limits(struct xs_handle *h)
{
    unsigned int features = 1, n = 1;

    CHECK(NEWER(xs_get_features_supported)(h, &features) && !features);
    features = 1;
    CHECK(NEWER(xs_get_features_domain)(h, 0, &features) && !features);
    REFUSED(ENOENT, NEWER(xs_get_features_domain)(h, 7, &features));
    CHECK(NEWER(xs_set_features_domain)(h, 0, 0));
    REFUSED(EINVAL, NEWER(xs_set_features_domain)(h, 0, 1));
    REFUSED(ENOENT, NEWER(xs_set_features_domain)(h, 7, 0));
    REFUSED(ENOSYS, NEWER(xs_get_quota_names)(h, &n));
    CHECK(!n);
    REFUSED(ENOSYS, NEWER(xs_get_global_quota)(h, "nodes", &n));
    REFUSED(ENOSYS, NEWER(xs_set_global_quota)(h, "nodes", 1));
    REFUSED(ENOSYS, NEWER(xs_get_domain_quota)(h, 0, "nodes", &n));
    CHECK(NEWER(xs_set_domain_quota)(h, 0, "nodes", 1));
    REFUSED(ENOENT, NEWER(xs_set_domain_quota)(h, 7, "nodes", 1));
    REFUSED(ENOSYS, NEWER(xs_watch_depth)(h, "/w", "deep", 1));
    REFUSED(ENOENT, xs_unwatch(h, "/w", "deep"));
}

static bool event_is(char **event, const char *path, const char *token)
{
    bool same = event && !strcmp(event[XS_WATCH_PATH], path) &&
                !strcmp(event[XS_WATCH_TOKEN], token);

    free(event);
    return same;
}

/* In another process, after a while. */
static pid_t write_later(struct xs_handle *inherited, bool keep)
{
    struct xs_handle *own;
    pid_t pid = fork();

    if (pid)
        return pid;
    if (!keep)
        xs_daemon_destroy_postfork(inherited);
    own = xs_open(0);
    usleep(30000);
    _exit(!own || !xs_write(own, XBT_NULL, "/w/x", "1", 1));
}

static void watches(struct xs_handle *h)
{
    struct pollfd fd = {.fd = xs_fileno(h), .events = POLLIN};
    unsigned int n;
    int status, keep;
    pid_t pid;

    REFUSED(EINVAL, xs_watch(h, "//", "t"));
    REFUSED(ENOENT, xs_unwatch(h, "/w", "t"));
    REFUSED(EAGAIN, xs_check_watch(h));
    CHECK(xs_watch(h, "/w", "t") && xs_watch(h, "own", "r"));
    REFUSED(EEXIST, xs_watch(h, "/w", "t"));
    CHECK(poll(&fd, 1, 0) == 1);
    CHECK(event_is(xs_check_watch(h), "/w", "t")); /* one up front */
    CHECK(event_is(xs_check_watch(h), "own", "r"));
    REFUSED(EAGAIN, xs_check_watch(h));
    CHECK(poll(&fd, 1, 0) == 0);
    CHECK(xs_write(h, XBT_NULL, "own/node", "", 0));
    CHECK(event_is(xs_read_watch(h, &n), "own/node", "r") && n == 2);
    for (keep = 0; keep < 2; keep++) {
        pid = write_later(h, keep);
        CHECK(poll(&fd, 1, 10000) == 1);
        CHECK(event_is(xs_read_watch(h, &n), "/w/x", "t"));
        CHECK(waitpid(pid, &status, 0) == pid && !status);
        REFUSED(EAGAIN, xs_check_watch(h));
        CHECK(poll(&fd, 1, 0) == 0);
    }
    CHECK(xs_unwatch(h, "/w", "t"));
    CHECK(NEWER(xs_watch_try_depth)(h, "/w", "t", 0)); /* as any other */
    CHECK(event_is(xs_check_watch(h), "/w", "t"));
    CHECK(xs_write(h, XBT_NULL, "/w/x/y", "", 0));
    CHECK(event_is(xs_check_watch(h), "/w/x/y", "t"));
    CHECK(xs_unwatch(h, "/w", "t"));
    CHECK(xs_rm(h, XBT_NULL, "/w"));
    REFUSED(EAGAIN, xs_check_watch(h));
}

static uint32_t new_domain(xc_interface *xch)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = 1,
        .max_evtchn_port = -1,
        .max_grant_frames = 1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    uint32_t domid = DOMID_ANY;

    CHECK(!xc_domain_create(xch, &domid, &config));
    return domid;
}

static void own(struct xs_handle *h, const char *path, unsigned int domid)
{
    struct xs_permissions perm = {.id = domid};

    CHECK(xs_mkdir(h, XBT_NULL, path));
    CHECK(xs_set_permissions(h, XBT_NULL, path, &perm, 1));
}

/* As xenconsoled names it: for the guest, as all that is beside it. */
static void console(struct xs_handle *h, unsigned int domid)
{
    struct xs_permissions *perms;
    char path[64];
    unsigned int n;

    snprintf(path, sizeof(path), "/local/domain/%u/console", domid);
    own(h, path, domid);
    strcat(path, "/port");
    CHECK(xs_write(h, XBT_NULL, path, "2", 1));
    strcpy(strrchr(path, '/'), "/tty");
    CHECK(holds(h, path, "/dev/null"));
    perms = xs_get_permissions(h, XBT_NULL, path, &n);
    CHECK(perms && n == 1 && perms[0].id == domid);
    free(perms);
}

/* As xenstored learns of the ends of domains. */
static void ends_of_domains(struct xs_handle *h)
{
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    uint32_t domid = new_domain(xch), other = new_domain(xch);
    unsigned int n;

    CHECK(xs_watch(h, "@introduceDomain", "i"));
    CHECK(xs_watch(h, "@releaseDomain", "r"));
    CHECK(event_is(xs_check_watch(h), "@introduceDomain", "i"));
    CHECK(event_is(xs_check_watch(h), "@releaseDomain", "r"));
    own(h, "/guest", domid);
    own(h, "/other", other);
    console(h, domid);
    /* One that is not connected shuts down, and nobody is told. */
    CHECK(!xc_domain_shutdown(xch, other, SHUTDOWN_poweroff));
    REFUSED(EAGAIN, xs_check_watch(h));
    CHECK(xs_introduce_domain(h, domid, 1, 1));
    CHECK(xs_introduce_domain(h, domid, 1, 1)); /* again is no news */
    CHECK(event_is(xs_check_watch(h), "@introduceDomain", "i"));
    REFUSED(EAGAIN, xs_check_watch(h));
    CHECK(!xc_domain_shutdown(xch, domid, SHUTDOWN_suspend));
    CHECK(event_is(xs_read_watch(h, &n), "@releaseDomain", "r"));
    REFUSED(EAGAIN, xs_check_watch(h));
    CHECK(holds(h, "/guest", ""));
    CHECK(!xc_domain_destroy(xch, domid));
    CHECK(event_is(xs_read_watch(h, &n), "@releaseDomain", "r"));
    REFUSED(EAGAIN, xs_check_watch(h));
    CHECK(!xs_is_domain_introduced(h, domid));
    REFUSED(ENOENT, xs_read(h, XBT_NULL, "/guest", &n));
    CHECK(holds(h, "/other", ""));
    CHECK(!xc_domain_destroy(xch, other));
    REFUSED(ENOENT, xs_read(h, XBT_NULL, "/other", &n));
    REFUSED(EAGAIN, xs_check_watch(h)); /* that one was never connected */
    CHECK(xs_unwatch(h, "@introduceDomain", "i"));
    CHECK(xs_unwatch(h, "@releaseDomain", "r"));
    xc_interface_close(xch);
}

static bool count_once(struct xs_handle *h)
{
    xs_transaction_t t = xs_transaction_start(h);
    unsigned int len;
    char *is = xs_read(h, t, "/count", &len), next[24];

    snprintf(next, sizeof(next), "%d", (is ? atoi(is) : 0) + 1);
    free(is);
    CHECK(xs_write(h, t, "/count", next, (unsigned int)strlen(next)));
    errno = 0;
    if (xs_transaction_end(h, t, false))
        return true;
    CHECK(errno == EAGAIN);
    return errno != EAGAIN; /* once more, but not without an end */
}

static void count(struct xs_handle *h, int times)
{
    while (times--)
        while (!count_once(h))
            ;
}

/* Waits for what never happens; the machine goes meanwhile. */
static void wait_in_vain(struct xs_handle *h, bool by_poll)
{
    struct pollfd fd = {.fd = xs_fileno(h), .events = POLLIN};
    unsigned int n;

    CHECK(xs_watch(h, "/w", "t"));
    CHECK(event_is(xs_check_watch(h), "/w", "t"));
    puts("waiting");
    fflush(stdout);
    if (by_poll)
        CHECK(poll(&fd, 1, 60000) == 1);
    else
        REFUSED(EIO, xs_read_watch(h, &n));
    REFUSED(EIO, xs_check_watch(h));
    REFUSED(EIO, xs_read_watch(h, &n));
    CHECK(poll(&fd, 1, 0) == 1);
}

int main(int argc, char **argv)
{
    struct xs_handle *h = xs_open(XS_UNWATCH_FILTER);

    if (!h) {
        perror("xs_open");
        return 1;
    }
    if (argc > 1 && (!strcmp(argv[1], "poll") || !strcmp(argv[1], "read"))) {
        wait_in_vain(h, *argv[1] == 'p');
    } else if (argc > 1) {
        count(h, atoi(argv[1]));
        CHECK(argc < 3 || holds(h, "/count", argv[2]));
    } else {
        nodes(h);
        permissions(h);
        transactions(h);
        domains(h);
        limits(h);
        watches(h);
        ends_of_domains(h);
    }
    xs_close(h);
    return failures != 0;
}
