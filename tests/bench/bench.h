/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of bench-engine share: inputs, works, and the table of
 * engines.
 *
 * An engine is one row of a table: a name, one work, and a function that does
 * that work over a whole input. Peers are compiled against their own headers,
 * so nothing but the C library is named here.
 */
#ifndef PLI_BENCH_H
#define PLI_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
	BENCH_STRUCTURE,
	BENCH_BODYSTRUCTURE,
	BENCH_STRUCTURE_DIGEST, /* with --digest only */
	BENCH_BASE64_DECODE,
	BENCH_QP_DECODE,
	BENCH_BASE64_ENCODE,
	BENCH_QP_ENCODE,
	BENCH_CONVERT_7BIT,
	BENCH_UTF8,
	BENCH_WINDOWS_1252,
	BENCH_N_WORKS,
} BenchWork;

typedef struct {
	const unsigned char *data;
	size_t len;
} BenchMessage;

/* Messages, or bodies for the codecs; all of them in memory. */
typedef struct {
	char *name;
	uint32_t works; /* bits, 1 << BenchWork */
	unsigned char *octets;
	size_t n_octets;
	size_t longest;
	BenchMessage *messages;
	size_t n_messages;
} BenchInput;

typedef struct {
	const char *name;    /* NULL ends a table */
	const char *variant; /* of variants the fastest one is reported */
	BenchWork work;
	/*
	 * Does the work once over all of `input`. With `count`, which is
	 * never timed, it also answers what it found: parts, octets of text
	 * or octets that
	 * came out.
	 */
	uint64_t (*run)(const BenchInput *input, bool count);
} BenchEngine;

extern const BenchEngine bench_engines_pli[];
extern const BenchEngine bench_engines_gmime[];
extern const BenchEngine bench_engines_libc[];
extern const BenchEngine bench_engines_dovecot[];
extern const BenchEngine bench_engines_mimetic[];

#ifdef __cplusplus
}
#endif

#endif
