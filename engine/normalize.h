/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An ambiguous message written anew, so that every reader sees what the
 * strict reading (doc/strict.md) sees: the same parts, decoded octets, text,
 * file names, subject and addresses.
 *
 * A message without ambiguity comes out as it is. In any other, multiparts get
 * boundaries of their own and nothing but their parts; headers in which
 * something is ambiguous are written anew, what is no field left out, the
 * first of duplicates kept; bodies that readers decode differently are decoded
 * and encoded again; text whose charset is in doubt becomes UTF-8 and says so;
 * messages and multiparts that are encoded as a whole are not any more. All
 * else keeps its octets. Normalised again it comes out as it is.
 *
 * Some ambiguities lie in what a part decodes to, which no other form of it
 * would change: pli_normalize_is_inside() names them. Others have no other form
 * that says the same: an address without a domain, a text with a file in it
 * that UTF-8 would spoil. pli_normalize_get_left() has these.
 *
 * What lies in a multipart/signed or multipart/encrypted keeps its octets; if
 * there is an ambiguity in it, the message is refused unless that is forced.
 *
 * Two passes: new() reads all leaves, next() gives the result. Both hold some
 * pieces of 16 KiB, a header, and a few octets for each part. Nothing
 * recurses. Sources never answer WANT.
 */
#ifndef PLI_ENGINE_NORMALIZE_H
#define PLI_ENGINE_NORMALIZE_H

#include "engine/context.h"
#include "engine/defect.h"
#include "engine/source.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

typedef enum {
	PLI_NORMALIZE_ERROR_SIGNED,	/* inside a multipart/signed */
	PLI_NORMALIZE_ERROR_ENCRYPTED,	/* inside a multipart/encrypted */
	PLI_NORMALIZE_ERROR_LIMIT,	/* more than PliLimits lets be read */
	PLI_NORMALIZE_ERROR_INCOMPLETE, /* the message is cut off */
	PLI_NORMALIZE_ERROR_LINES,	/* lines end with LF alone */
} PliNormalizeError;

#define PLI_NORMALIZE_ERROR (pli_normalize_error_quark())
GQuark
pli_normalize_error_quark(void);

/* A defect of what a part in that encoding decodes to. */
gboolean
pli_normalize_is_inside(PliDefectId id, PliEncoding encoding);

/* What is done to a part. When only what lies between parts goes, it is one
 * change of part 0 with nothing of this. */
typedef struct {
	guint32 part;
	gboolean header;   /* fields were written anew, or left out */
	gboolean boundary; /* has another one; nothing is around its parts */
	gboolean encoding; /* of the body, or that is gone */
	gboolean charset;  /* says UTF-8 */
} PliNormalizeChange;

/* An ambiguity of a field that stays, since what is read there cannot be
 * written in any other way: an address without a domain, say. */
typedef struct {
	guint32 part;
	PliDefectId id;
} PliNormalizeLeft;

typedef struct PliNormalize PliNormalize;

/*
 * `source` holds the message of `structure`, as it is served: read with
 * PLI_LINE_AS_IS, without an LF alone. Both are referenced, the context is
 * borrowed. From `seed` boundaries are made, as in engine/edit.h. NULL: a
 * PLI_NORMALIZE_ERROR that names the part and the reason, or the error of
 * reading.
 */
PliNormalize *
pli_normalize_new(PliContext *context, const PliStructure *structure,
		  PliSource *source, gboolean force, PliSlice seed,
		  GError **error);

void
pli_normalize_free(PliNormalize *normalize);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliNormalize, pli_normalize_free)

/* 0: the message is not ambiguous, and comes out as it went in. */
guint
pli_normalize_get_n_changes(const PliNormalize *normalize);

/* In the order of the parts; n from 0. */
const PliNormalizeChange *
pli_normalize_get_change(const PliNormalize *normalize, guint n);

guint
pli_normalize_get_n_left(const PliNormalize *normalize);

/* In the order of the parts; n from 0. */
const PliNormalizeLeft *
pli_normalize_get_left(const PliNormalize *normalize, guint n);

/* READY: the next octets of the result, valid until the next call; none at
 * its end. FAIL: *error of reading. Never WANT. */
PliStep
pli_normalize_next(PliNormalize *normalize, PliSlice *ret_octets,
		   GError **error);

PLI_END_DECLS

#endif
