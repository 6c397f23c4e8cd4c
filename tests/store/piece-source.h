/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A source for tests: borrowed octets, given in pieces of at most `piece`,
 * with a WANT before each piece when `waits`.
 */
#ifndef PLI_TESTS_STORE_PIECE_SOURCE_H
#define PLI_TESTS_STORE_PIECE_SOURCE_H

#include "engine/source.h"

typedef struct {
	PliSource base;
	PliSlice octets;
	gsize piece;
	gboolean waits;
	gboolean waited;
	guint64 n_reads;
} PieceSource;

static inline PliStep
piece_source_read_at(PliSource *source, guint64 offset, gsize max,
		     PliSlice *ret_octets, GError **error)
{
	PieceSource *self = (PieceSource *)source;

	self->n_reads++;
	if (self->waits && !self->waited) {
		self->waited = TRUE;
		return PLI_STEP_WANT;
	}
	self->waited = FALSE;
	*ret_octets = PLI_SLICE_NONE;
	if (offset < self->octets.len) {
		*ret_octets = pli_slice_skip(self->octets, (gsize)offset);
		ret_octets->len = MIN(ret_octets->len, MIN(max, self->piece));
	}
	return PLI_STEP_READY;
}

static inline guint64
piece_source_get_length(const PliSource *source)
{
	return ((const PieceSource *)source)->octets.len;
}

static inline void
piece_source_free(PliSource *source)
{
	g_free(source);
}

static inline PliSource *
piece_source_new(PliSlice octets, gsize piece, gboolean waits)
{
	static const PliSourceClass klass = {
		.read_at = piece_source_read_at,
		.get_length = piece_source_get_length,
		.free = piece_source_free,
	};
	PieceSource *self = g_new0(PieceSource, 1);

	pli_source_init(&self->base, &klass);
	self->octets = octets;
	self->piece = piece;
	self->waits = waits;
	return &self->base;
}

#endif
