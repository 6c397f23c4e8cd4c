/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dovecot's message-parser, kept apart: it wants its own config.h. */
#ifndef PLI_TESTS_BENCH_PEER_DOVECOT_H
#define PLI_TESTS_BENCH_PEER_DOVECOT_H

#include <stddef.h>
#include <stdint.h>

struct peer_part {
	unsigned int depth;
	int is_leaf;
	const char *type, *subtype; /* valid during the call; NULL: none */
	uint64_t offset, length;    /* the body's */
};

/* Calls `visit` for each part in document order. */
void
peer_dovecot_walk(const void *message, size_t len,
                  void (*visit)(const struct peer_part *part, void *data),
                  void *data);

#endif
