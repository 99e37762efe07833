/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream/handshake.h - what is said before and behind a stream that goes to
 * another host: xl's words (its xl.h and xl_migrate.c), in this order.
 *
 *     receiver   HANDSHAKE_BANNER
 *     sender     the stream, with xl's header
 *     receiver   HANDSHAKE_READY: the guest is there, paused
 *     sender     HANDSHAKE_GO: it is the receiver's from here on
 *     receiver   HANDSHAKE_REPORT and a byte: 0, it runs
 *     receiver   else HANDSHAKE_GO, when its copy is gone: the sender's again
 *
 * And between two of ours: in place of a stream that begins with HANDSHAKE_ASK
 * and a UUID, an answer, one of the three.
 */
#ifndef DW_STREAM_HANDSHAKE_H
#define DW_STREAM_HANDSHAKE_H

/* Without its NUL; the others go with theirs. */
#define HANDSHAKE_BANNER                                                       \
    "xl migration receiver ready, send binary domain data.\n"
#define HANDSHAKE_READY  "domain received, ready to unpause"
#define HANDSHAKE_GO     "domain is yours, you are cleared to unpause"
#define HANDSHAKE_REPORT "my copy unpause results are as follows"

/* As long as xl's magic: with the UUID, xl has what it takes for a header, and
 * ends. */
#define HANDSHAKE_ASK     "domwright: is this guest here?\n"
#define HANDSHAKE_ASK_LEN 32

#define HANDSHAKE_RUNS    "domwright: it runs here"
#define HANDSHAKE_ABSENT  "domwright: it is absent"
#define HANDSHAKE_UNKNOWN "domwright: nobody knows"

#endif /* DW_STREAM_HANDSHAKE_H */
