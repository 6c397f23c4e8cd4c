/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a header field says, put into the structure: its record, and the items
 * that Content-* and envelope fields give.
 */
#ifndef PLI_ENGINE_HEADER_PRIV_H
#define PLI_ENGINE_HEADER_PRIV_H

#include "engine/buf.h"
#include "engine/structure-builder-priv.h"

typedef struct {
	guint64 seen; /* bit n: the header has the field numbered n */
	guint32 type_field; /* the Content-Type that counts, or PLI_NONE */
	PliBuf value;   /* unfolded */
	PliBuf scratch; /* unquoted */
} PliHeaderReader;

void
pli_header_reader_init(PliHeaderReader *reader, const PliLimits *limits);

void
pli_header_reader_clear(PliHeaderReader *reader);

/* A new header starts. */
void
pli_header_reader_begin(PliHeaderReader *reader);

/*
 * One whole field of `part`, whose header is being read: `octets` is all of
 * it, or its start when longer than limits.field_octets; `span` where it
 * lies. Gives its number, PLI_NONE past limits.fields.
 */
guint32
pli_header_reader_read(PliHeaderReader *reader, PliStructureBuilder *builder,
                       guint32 part, PliSlice octets, PliSpan span,
                       guint32 bare_lf);

/* The header has ended: settles what needs all fields. */
void
pli_header_reader_end(PliHeaderReader *reader, PliStructureBuilder *builder,
                      guint32 part);

/* The boundary parameter of a part, decoded when it is in RFC 2231 form;
 * empty when there is none. Valid until the reader is next used. */
PliSlice
pli_header_reader_get_boundary(PliHeaderReader *reader,
                               const PliStructureBuilder *builder,
                               guint32 part);

#endif
