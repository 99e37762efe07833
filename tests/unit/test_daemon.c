/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process that a command leaves behind: it begins when the command has
 * ended, and what comes for the command is not for it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/daemon.h"
#include "unit_random.h"

static int told[2]; /* the daemon's word that it is there */

static void setup(void)
{
    ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
}

/* In the daemon: 'd', and 's' before it where the session is not its own. */
static void __attribute__((noreturn)) be_daemon(void)
{
    const char word[] = "sd";
    int own = getsid(0) == getpid();

    _exit(write(told[1], word + own, (size_t)(2 - own)) < 0);
}

static bool is_heard(char *word)
{
    return read(told[0], word, 1) == 1;
}

/* Its word is not there as long as the caller is; then it comes. */
START_TEST(after_the_caller)
{
    pid_t caller = fork();
    int status, rc;
    char word = 0;

    ck_assert_int_ge(caller, 0);
    if (!caller) {
        rc = daemon_start(NULL, false);
        if (rc > 0)
            be_daemon();
        usleep(100000);
        fcntl(told[0], F_SETFL, O_NONBLOCK);
        _exit(rc || is_heard(&word));
    }
    ck_assert_int_eq(waitpid(caller, &status, 0), caller);
    ck_assert_int_eq(status, 0);
    /* The pipe's end that the caller set so is ours, too. */
    fcntl(told[0], F_SETFL, 0);
    ck_assert(is_heard(&word));
    ck_assert_int_eq(word, 'd');
}
END_TEST

/* A caller that goes on hears it all the same. */
START_TEST(at_once)
{
    pid_t caller = fork();
    int status, rc;
    char word = 0;

    ck_assert_int_ge(caller, 0);
    if (!caller) {
        rc = daemon_start(NULL, true);
        if (rc > 0)
            be_daemon();
        _exit(rc || !is_heard(&word) || word != 'd');
    }
    ck_assert_int_eq(waitpid(caller, &status, 0), caller);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* An interrupt of the command, held back as while it builds, does not end what
 * it leaves. */
START_TEST(interrupted)
{
    pid_t caller = fork();
    sigset_t set;
    int status, rc;
    char word = 0;

    ck_assert_int_ge(caller, 0);
    if (!caller) {
        setpgid(0, 0);
        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGHUP);
        sigprocmask(SIG_BLOCK, &set, NULL);
        rc = daemon_start(NULL, false);
        if (rc > 0) {
            sigprocmask(SIG_UNBLOCK, &set, NULL);
            kill(getpid(), SIGHUP);
            be_daemon();
        }
        kill(0, SIGINT);
        _exit(rc);
    }
    ck_assert_int_eq(waitpid(caller, &status, 0), caller);
    ck_assert_int_eq(status, 0);
    ck_assert(is_heard(&word));
    ck_assert_int_eq(word, 'd');
}
END_TEST

/* What the caller had from its own caller is given up before it ends. */
START_TEST(inherited)
{
    pid_t caller = fork();
    int status, rc, fd, ours;

    ck_assert_int_ge(caller, 0);
    if (!caller) {
        fd = open("/dev/null", O_RDONLY);
        ours = open("/dev/null", O_RDONLY | O_CLOEXEC);
        rc = daemon_start(NULL, false);
        if (rc > 0)
            _exit(0);
        _exit(rc || fcntl(fd, F_GETFD) >= 0 || fcntl(ours, F_GETFD) < 0);
    }
    ck_assert_int_eq(waitpid(caller, &status, 0), caller);
    ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("daemon");
    TCase *tc = tcase_create("daemon");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, after_the_caller);
    tcase_add_test(tc, at_once);
    tcase_add_loop_test(tc, interrupted, 0, 10);
    tcase_add_test(tc, inherited);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
