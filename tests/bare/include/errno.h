/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * errno.h - the numbers that lib/ returns, Linux' and Xen's, for payloads that
 * are compiled without a C library.
 */
#ifndef BARE_ERRNO_H
#define BARE_ERRNO_H

#define EPERM           1
#define ENOENT          2
#define ENOMEM          12
#define EFAULT          14
#define EBUSY           16
#define EEXIST          17
#define EINVAL          22
#define EDOM            33
#define ERANGE          34
#define EOVERFLOW       75
#define ENOTRECOVERABLE 131

#endif /* BARE_ERRNO_H */
