/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The union's state, shared by its halves: union.c runs the queue,
 * union-header.c finds the readings that headers give, union-body.c those of
 * bodies.
 */
#ifndef PLI_ENGINE_UNION_PRIV_H
#define PLI_ENGINE_UNION_PRIV_H

#include "engine/parser.h"
#include "engine/union.h"
#include "engine/view.h"

/* A reading that is to be made, or has been. */
typedef struct {
	PliSource *source;
	PliDefectId reason;
	guint32 part; /* of the message itself */
	guint32 depth;
	gboolean whole; /* all of the message, its octets changed */
} PliUnionTask;

struct PliUnion {
	PliContext *context;
	PliLimits limits;
	PliParser *parser;
	PliViewMeter *meter;
	guint64 scanned, scanned_max;
	GQueue tasks; /* of PliUnionTask */
	guint n_made;
	gsize header_octets; /* of texts made so far */
	/* the sources of the reading that is looked at, by index; NULL where
	 * not open. Outer ones have lower numbers. */
	GPtrArray *sources;
	PliSource *last_read; /* not owned; only compared */
	guint64 last_end;
	gboolean limited;
	/* the reading that was given last */
	PliUnionTask *task;
	PliStructure *structure;
};

/* Which fields of a part go into another header. */
typedef struct {
	gint type, encoding, disposition; /* which of several; or those below */
	gboolean no_blank; /* without those with blanks before the colon */
} PliUnionChoice;

#define PLI_UNION_ALL (-1)
#define PLI_UNION_NONE (-2)

/* What the finders work on: one part of one reading. */
typedef struct {
	PliUnion *u;
	const PliUnionTask *task;
	PliSource *source; /* what the part lies in */
	const PliStructure *structure;
	PliPart part;
	/* what is between its boundaries: its body, or the decoding of that,
	 * and which fields go with it */
	PliSource *content;
	PliSpan content_span;
	PliUnionChoice content_choice;
	PliDefectSet set;      /* of the part, from the scan */
	GPtrArray *fields;     /* of GBytes: Content-* fields, when read */
	GByteArray *names;     /* PliFieldName of each */
	GByteArray *are_blank; /* of each: blanks before its colon */
	gboolean has_url_octets; /* "-" or "_" in a leaf's body */
} PliUnionPart;

static inline gboolean
pli_union_part_has(const PliUnionPart *p, PliDefectId id)
{
	return pli_defect_set_has(&p->set, id);
}

/* FALSE: no more work is to be done. */
gboolean
pli_union_may_go_on(PliUnion *u);

/* Queues a reading; takes the source over. */
void
pli_union_add(const PliUnionPart *p, PliSource *source, PliDefectId reason,
              gboolean whole);

/* Octets of a source, counted; FAIL: cannot be read. An empty slice is the
 * end. */
PliStep
pli_union_read_at(PliUnion *u, PliSource *source, guint64 offset, guint64 max,
                  PliSlice *ret_octets, GError **error);

/* Queues `text` as a header, with its empty line, over a span of `body`. */
void
pli_union_add_headed(const PliUnionPart *p, GString *text, PliSource *body,
                     PliSpan span, PliDefectId reason);

/* union-header.c */

/* Reads the Content-* fields, once. */
PliStep
pli_union_read_fields(PliUnionPart *p, GError **error);

/* A header of the fields chosen, without its empty line; read_fields() has
 * been called. The caller frees it. */
GString *
pli_union_dup_header(const PliUnionPart *p, PliUnionChoice choice);

PliStep
pli_union_find_headers(PliUnionPart *p, GError **error);

/* union-name.c: the other file names of a leaf. */
PliStep
pli_union_find_names(PliUnionPart *p, GError **error);

/* union-body.c */
PliStep
pli_union_find_bodies(PliUnionPart *p, GError **error);

#endif
