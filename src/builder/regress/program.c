/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "regress/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/signals.h"

#define TICK_NS 3000000

/* How long one may take to end that is told to. */
#define STOP_S 10

static void put_to(const char *path, int fd)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (file < 0 || dup2(file, fd) < 0)
        _exit(126);
    close(file);
}

/* In the child, which does not return, nor outlives who waits for it. */
static void become(const struct program *program, pid_t parent,
                   const char *folder, char *const *argv,
                   unsigned long file_max)
{
    const struct rlimit limit = {file_max, file_max};
    int null = open("/dev/null", O_RDONLY);

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
        _exit(126);
    put_to(program->out, STDOUT_FILENO);
    put_to(program->err, STDERR_FILENO);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || chdir(folder) ||
        (file_max && setrlimit(RLIMIT_FSIZE, &limit)))
        _exit(126);
    interrupt_release();
    execv(argv[0], argv);
    _exit(127);
}

int program_start(struct program *program, const char *folder, const char *name,
                  char *const *argv, unsigned long file_max)
{
    int n = snprintf(program->out, PATH_MAX, "%s/%s.out", folder, name);
    int m = snprintf(program->err, PATH_MAX, "%s/%s.err", folder, name);
    const pid_t self = getpid();

    program->pid = 0;
    program->deaf = false;
    if (n >= PATH_MAX || m >= PATH_MAX)
        return -ENAMETOOLONG;
    program->pid = fork();
    if (program->pid < 0) {
        program->pid = 0;
        return -errno;
    }
    if (!program->pid)
        become(program, self, folder, argv, file_max);
    return 0;
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void tick(void)
{
    const struct timespec ts = {0, TICK_NS};

    nanosleep(&ts, NULL);
}

/* It is not waited for when we are to end. */
static bool is_stopped(const struct program *program)
{
    return !program->deaf && interrupt_pending();
}

static int status_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int program_wait(struct program *program, double seconds)
{
    double end = now() + seconds;
    bool killed = false, stopped = false;
    int status;
    pid_t pid;

    if (!program->pid)
        return -ECHILD;
    for (;;) {
        pid = waitpid(program->pid, &status, killed ? 0 : WNOHANG);
        if (pid == program->pid)
            break;
        if (pid < 0 && errno != EINTR)
            return -errno;
        /* It clears up by itself. */
        if (!stopped && is_stopped(program)) {
            stopped = true;
            kill(program->pid, SIGTERM);
            end = now() + STOP_S;
        }
        if (now() < end) {
            tick();
            continue;
        }
        kill(program->pid, SIGKILL);
        killed = true;
    }
    program->pid = 0;
    if (killed)
        return stopped ? -EINTR : -ETIMEDOUT;
    return status_of(status);
}

static bool has_line(const char *path, const char *word)
{
    FILE *in = fopen(path, "re");
    char line[256];
    bool found = false;

    while (in && !found && fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        found = !strcmp(line, word);
    }
    if (in)
        fclose(in);
    return found;
}

int program_said(const struct program *program, const char *word,
                 double seconds)
{
    double end = now() + seconds;
    siginfo_t info;

    while (!has_line(program->out, word)) {
        info.si_pid = 0;
        if (!program->pid ||
            waitid(P_PID, (id_t)program->pid, &info,
                   WEXITED | WNOHANG | WNOWAIT) ||
            info.si_pid)
            return has_line(program->out, word) ? 0 : -ECHILD;
        if (now() > end)
            return -ETIMEDOUT;
        if (is_stopped(program))
            return -EINTR;
        tick();
    }
    return 0;
}

void program_signal(const struct program *program, int signal)
{
    if (program->pid)
        kill(program->pid, signal);
}
