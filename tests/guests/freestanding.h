/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * freestanding.h - text and memory where there is no C library: beneath tap.h,
 * in the test guests and in the payloads of tests/bare.
 */
#ifndef FREESTANDING_H
#define FREESTANDING_H

/*
 * The user's CFLAGS come after a guest's own, and distributions put a stack
 * protector in them; its canary would be read from where %fs or %gs points in
 * a process. Nor may the loop in memcpy() become a call of memcpy().
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-stack-protector", "no-tree-loop-distribute-patterns")
#endif

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* text.c: %s %d %ld %u %lu %x %lx %llx; for an x also # and a width of 01-09.
 */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Into a buffer, cut to its size, always terminated; returns the length. */
size_t format_text(char *buffer, size_t size, const char *format, va_list ap);
/* To wherever the program prints, which supplies it. */
void vsay(const char *format, va_list ap);

/* memory.c: gcc calls these by name, freestanding or not */
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);

#endif /* FREESTANDING_H */
