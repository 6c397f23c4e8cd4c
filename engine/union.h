/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The union view: every reading of an ambiguous message that some client may
 * have, beside the strict one.
 *
 * A reading is a message of its own: a source and its structure, in which
 * each leaf is what a client might show or open. Readings come only from
 * where there is an ambiguity (doc/strict.md), and each may have ambiguities
 * of its own, which are followed to PLI_UNION_DEPTH. Not all octets of a
 * message are in its readings, but a payload that the strict view does not
 * have, and a client might, is.
 *
 * Bounded: readings by limits.readings, octets that are scanned for them by
 * limits.reading_factor times the message, header text by limits.string_octets
 * in all; pli_union_is_limited() tells when a bound was met, which is
 * PLI_DEFECT_LIMIT_READINGS. Time is linear in the message for that reason.
 * No recursion: what is to be read waits in a queue.
 */
#ifndef PLI_ENGINE_UNION_H
#define PLI_ENGINE_UNION_H

#include "engine/context.h"
#include "engine/limits.h"
#include "engine/source.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

#define PLI_UNION_DEPTH 6

typedef struct PliUnion PliUnion;

typedef struct {
	PliSource *source;
	PliStructure *structure; /* of the source */
	PliDefectId reason;      /* what readers disagree about */
	guint32 part;            /* where: a part of the message itself */
	guint32 depth; /* 1 for a reading of the message, 2 for one of such
	                  a reading ... */
} PliUnionReading;

/*
 * `source` holds the whole message, and never answers WANT; `structure` is
 * its. Both are referenced; the context is borrowed. `limits` is copied; NULL
 * means pli_limits_default.
 */
PliUnion *
pli_union_new(PliContext *context, PliSource *source, PliStructure *structure,
              const PliLimits *limits);

void
pli_union_free(PliUnion *u);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliUnion, pli_union_free)

/* READY: *ret_reading is set, valid until the next call; the caller may take
 * references. WANT: there are no more. FAIL: the source cannot be read. */
PliStep
pli_union_next(PliUnion *u, PliUnionReading *ret_reading, GError **error)
        G_GNUC_WARN_UNUSED_RESULT;

/* Whether some reading was left out. */
gboolean
pli_union_is_limited(const PliUnion *u);

/* Octets that were scanned or changed so far. */
guint64
pli_union_get_scanned(const PliUnion *u);

PLI_END_DECLS

#endif
