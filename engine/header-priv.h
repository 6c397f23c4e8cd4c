/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Header fields, put into the structure: the record of each (header.c), and
 * the items that Content-* and envelope fields give (header-value.c).
 */
#ifndef PLI_ENGINE_HEADER_PRIV_H
#define PLI_ENGINE_HEADER_PRIV_H

#include "engine/buf.h"
#include "engine/scan-priv.h"
#include "engine/structure-builder-priv.h"

/* What a Content-Type means for the tree. */
typedef enum {
	PLI_HEADER_TYPE_NONE, /* there is none that can be read */
	PLI_HEADER_TYPE_LEAF,
	PLI_HEADER_TYPE_MULTIPART,
	PLI_HEADER_TYPE_DIGEST,
	PLI_HEADER_TYPE_MESSAGE,
} PliHeaderType;

#define PLI_HEADER_PARAM_SLOTS 512

typedef struct {
	guint64 seen; /* bit n: the header has the field numbered n */
	guint32 type_field; /* the Content-Type that counts, or PLI_NONE */
	PliHeaderType type;
	guint32 boundary_item; /* its plain boundary, or PLI_NONE */
	gboolean has_boundary_form; /* and one in RFC 2231 form */
	gboolean boundary_changed;  /* it has quoted pairs, or a fold in it */
	PliBuf value;   /* unfolded */
	PliBuf scratch; /* unquoted */
	/* the parameters of the running field by their names, once there are
	 * many: an item's number, which counts when it is of this field */
	guint32 slots[PLI_HEADER_PARAM_SLOTS];
} PliHeaderReader;

void
pli_header_reader_init(PliHeaderReader *reader, const PliLimits *limits);

void
pli_header_reader_clear(PliHeaderReader *reader);

/* A new header starts. */
void
pli_header_reader_begin(PliHeaderReader *reader);

/* A whole field, and what the scan already knows of it. */
typedef struct {
	PliSlice octets; /* its start when longer than limits.field_octets */
	guint64 offset;
	guint64 length;
	guint32 n_lines;
	guint32 bare_lf;
	/* known to be all there, with no NUL, nothing over 127 and no
	 * continuation line of nothing but blanks */
	gboolean plain;
} PliHeaderField;

/* Continuation lines of nothing but blanks. */
guint32
pli_header_count_blank_lines(PliSlice octets);

/* A field's name is not longer. */
#define PLI_HEADER_NAME_OCTETS 1024

/* Fields that lie one behind the other and are plain, from `octets` on, which
 * go on after the last for as long as there is anything. */
typedef struct {
	PliSlice octets;
	guint64 offset;
	const PliScanFields *found;
	gboolean is_bare; /* their lines end in LF alone */
	gboolean fast;    /* the processor can read them fast */
	/* what the table tells of them: */
	guint32 first_field; /* the number of the first */
	guint32 longest;     /* octets of the longest */
	guint32 n_wanted;    /* those in which there is something to be read */
	guint16 wanted[PLI_SCAN_FIELDS_ROOM + 1];
} PliHeaderRun;

/* Puts their records behind those that the builder has, where they count once
 * n_fields says so. FALSE past limits.fields, and nothing is done then. */
gboolean
pli_header_table_run(PliStructureBuilder *builder, PliHeaderRun *run);

/* Reads the n-th of them. */
void
pli_header_reader_read_tabled(PliHeaderReader *reader,
                              PliStructureBuilder *builder, guint32 part,
                              const PliHeaderRun *run, guint32 n);

/* Reads all in which there is something to be read. */
void
pli_header_reader_read_run(PliHeaderReader *reader,
                           PliStructureBuilder *builder, guint32 part,
                           const PliHeaderRun *run);

/* Reads a field of `part`, whose header is being read. Gives its number,
 * PLI_NONE past limits.fields. */
guint32
pli_header_reader_read(PliHeaderReader *reader, PliStructureBuilder *builder,
                       guint32 part, const PliHeaderField *raw);

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
