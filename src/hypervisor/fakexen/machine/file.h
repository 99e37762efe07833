/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file.h - the file as the kernel has it: opened, mapped, let go.
 *
 * The programs that this is loaded into close and replace descriptors that they
 * know nothing of.  So each use asks for the descriptor anew: it is looked at
 * once under each lock, and the file is opened again where it is another's by
 * now.
 *
 * All functions return 0 or a negative errno.
 */
#ifndef FX_FILE_H
#define FX_FILE_H

#include <stdbool.h>
#include <stdint.h>

struct fx_host;
struct fx_super;

/* A file of that name, made where there is none; without a name, one that is
 * gone when nobody has it open. */
int __attribute__((warn_unused_result))
fx_file_open(struct fx_host *host, const char *path);

/* Maps it, and finds the parts that the layout says there are: it has the
 * static part of the file's superblock, or is what that will be. */
int __attribute__((warn_unused_result))
fx_file_map(struct fx_host *host, const struct fx_super *layout);

void fx_file_close(struct fx_host *host);

/*
 * The descriptor, and one whose mappings cannot become writable.  -EBADF, and a
 * line on standard error: the program has closed it, and the file cannot be
 * opened again.
 */
int fx_file_fd(struct fx_host *host);
int fx_file_read_fd(struct fx_host *host);

/* Was it removed, or another put in its place?  Then nobody else will ever do
 * something to it that might be waited for. */
bool fx_file_is_gone(const struct fx_host *host);

/* Nothing has become of it: removes it, if it was not there before. */
void fx_file_unmake(const struct fx_host *host);

/* Where from `at` on the file has something that was written; what lies before
 * is zero.  UINT64_MAX: nothing more was. */
uint64_t fx_file_next_data(const struct fx_host *host, uint64_t at);

#endif /* FX_FILE_H */
