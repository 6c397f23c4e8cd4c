/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The boundaries that are open, innermost last, and which of them a line is.
 *
 * A line costs the same at any depth: one hash runs along it and is looked
 * up where some open boundary has that length; memcmp has the last word. The
 * longest exact match counts, blanks may follow; a line that merely starts
 * with a boundary is reported as such and is no boundary (doc/strict.md).
 */
#ifndef PLI_ENGINE_BOUNDARY_PRIV_H
#define PLI_ENGINE_BOUNDARY_PRIV_H

#include "engine/slice.h"
#include "engine/span.h"

#define PLI_BOUNDARY_BUCKETS 64

typedef struct {
	guint32 part;
	guint32 hash;
	gint32 below; /* next in the bucket, further out; -1: none */
	gboolean closed;
	gboolean is_digest; /* the multipart is a digest */
	gboolean has_8bit;
	guint32 len;
	guint32 at; /* where its octets start in the table's text */
} PliBoundary;

typedef struct {
	PliBoundary *stack;
	guint32 n, room;
	guint8 *text; /* the boundaries, one after the other */
	gsize text_len, text_room;
	gint32 buckets[PLI_BOUNDARY_BUCKETS];
	guint32 *n_of_length; /* open boundaries by length, 0 to max_len */
	guint32 limit;        /* longest length accepted */
	guint32 longest;      /* of those open */
} PliBoundaryTable;

typedef enum {
	PLI_BOUNDARY_NONE,
	PLI_BOUNDARY_DELIMITER,
	PLI_BOUNDARY_CLOSE,
} PliBoundaryMatch;

typedef struct {
	PliBoundaryMatch match;
	guint32 level;      /* of the match, in the stack */
	gboolean blanks;    /* blanks stand after it */
	gboolean prefix;    /* no match, but the line starts with one */
	gboolean was_closed; /* no match, but it is one that was closed */
	guint32 near_level; /* of prefix or was_closed */
} PliBoundaryResult;

/* The line goes on after what was matched, further than can be looked at. */
static inline void
pli_boundary_result_refuse(PliBoundaryResult *result)
{
	if (result->match == PLI_BOUNDARY_NONE)
		return;
	*result = (PliBoundaryResult){.prefix = TRUE,
	                              .near_level = result->level};
}

void
pli_boundary_table_init(PliBoundaryTable *table, guint32 limit);

void
pli_boundary_table_clear(PliBoundaryTable *table);

void
pli_boundary_table_reset(PliBoundaryTable *table);

/* `boundary` is 1 to `limit` octets long. TRUE when one that is open has the
 * same text. */
gboolean
pli_boundary_table_push(PliBoundaryTable *table, guint32 part,
                        PliSlice boundary, gboolean is_digest);

void
pli_boundary_table_pop(PliBoundaryTable *table);

/* `line` starts after "--" and has no line end. */
void
pli_boundary_table_match(const PliBoundaryTable *table, PliSlice line,
                         PliBoundaryResult *ret_result);

gsize
pli_boundary_table_get_memory(const PliBoundaryTable *table);

#endif
