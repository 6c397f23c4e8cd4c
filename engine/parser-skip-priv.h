/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A body that is known from an earlier scan, taken as scanned.
 *
 * The scan has come to the start of a leaf's body, of which a structure tells
 * what another scan found under the same boundaries. The next octets that are
 * fed are those behind it.
 */
#ifndef PLI_ENGINE_PARSER_SKIP_PRIV_H
#define PLI_ENGINE_PARSER_SKIP_PRIV_H

#include "engine/parser.h"

typedef struct {
	const PliStructure *structure; /* of the earlier scan */
	PliPart part;		       /* a leaf of it */
	guint eol; /* octets of the line end behind the body, 0 to 2 */
	/* "--" and the boundary of each multipart around it, GString, and
	 * their numbers, guint32, from outside in */
	const GPtrArray *boundaries;
	const GArray *multiparts;
} PliParserSkip;

/*
 * FALSE, and nothing is done: the scan is not where this body may start, its
 * boundaries are others, or what is known is not enough, as where the first
 * NUL is when the message had one before.
 */
gboolean
pli_parser_skip_body(PliParser *parser, const PliParserSkip *skip);

/* A body that was skipped did not end where it did before, which only the
 * octets behind it tell: the scan is worthless. */
gboolean
pli_parser_has_skipped_wrong(const PliParser *parser);

#endif
