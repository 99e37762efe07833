/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file.h - the file as the kernel has it: opened, mapped, let go.
 *
 * All functions return 0 or a negative errno.
 */
#ifndef FX_FILE_H
#define FX_FILE_H

struct fx_host;
struct fx_super;

/* A file of that name, made where there is none; without a name, one that is
 * gone when nobody has it open.  host->fd becomes its descriptor. */
int __attribute__((warn_unused_result))
fx_file_open(struct fx_host *host, const char *path);

/* And host->read_fd one whose mappings cannot become writable. */
void fx_file_open_read_only(struct fx_host *host);

/* Maps it, and finds the parts that the layout says there are: it has the
 * static part of the file's superblock, or is what that will be. */
int __attribute__((warn_unused_result))
fx_file_map(struct fx_host *host, const struct fx_super *layout);

void fx_file_close(struct fx_host *host);

#endif /* FX_FILE_H */
