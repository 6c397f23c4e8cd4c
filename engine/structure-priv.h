/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stored form of a structure, octet by octet. All numbers little-endian.
 *
 *	header     56   magic, versions, length, flags, checksum, totals
 *	directory  16   a section: id, record size, offset, length
 *	sections        in the order of the directory, without gaps
 *
 * A section id with SKIPPABLE set may be ignored by a reader that does not
 * know it; any other unknown section refuses the structure. Records may grow
 * at their end: a reader uses the record size of the directory.
 */
#ifndef PLI_ENGINE_STRUCTURE_PRIV_H
#define PLI_ENGINE_STRUCTURE_PRIV_H

#include "engine/octets-priv.h"
#include "engine/structure.h"

#define PLI_STRUCTURE_MAGIC "PliS"

/* Offsets in the header. */
enum {
	PLI_HEAD_MAGIC = 0,
	PLI_HEAD_LAYOUT = 4,      /* u16 */
	PLI_HEAD_READING = 6,     /* u16 */
	PLI_HEAD_TOTAL = 8,       /* u32, octets of the whole structure */
	PLI_HEAD_N_SECTIONS = 12, /* u32 */
	PLI_HEAD_FLAGS = 16,      /* u32, PLI_STRUCTURE_* */
	PLI_HEAD_LINE_MODE = 20,  /* u32 */
	PLI_HEAD_CHECKSUM = 24,   /* u64, XXH3 of all from LENGTH on, plus 3
	                             times the XXH3 of all before CHECKSUM */
	PLI_HEAD_LENGTH = 32,     /* u64, of the message */
	PLI_HEAD_LINES = 40,      /* u64 */
	PLI_HEAD_BARE_LF = 48,    /* u64 */
	PLI_HEAD_SIZE = 56,
};

#define PLI_SECTION_SKIPPABLE 0x80000000u

enum {
	PLI_SECTION_PARTS = 1,
	PLI_SECTION_CHILDREN = 2,
	PLI_SECTION_FIELD_TABLE = 3,
	PLI_SECTION_ITEMS = 4,
	PLI_SECTION_STRINGS = 5,
	PLI_SECTION_DEFECTS = 6,
	PLI_SECTION_SOURCES = 7, /* only when there are any */
	PLI_SECTION_LAST = PLI_SECTION_SOURCES,
};

#define PLI_DIRECTORY_ENTRY_SIZE 16

/* Part record. */
enum {
	PLI_PART_AT_PARENT = 0,
	PLI_PART_AT_FIRST_CHILD = 4,
	PLI_PART_AT_N_CHILDREN = 8,
	PLI_PART_AT_FIRST_FIELD = 12,
	PLI_PART_AT_N_FIELDS = 16,
	PLI_PART_AT_FIRST_ITEM = 20,
	PLI_PART_AT_N_ITEMS = 24,
	PLI_PART_AT_FLAGS = 28,
	PLI_PART_AT_DEPTH = 32,    /* u16 */
	PLI_PART_AT_KIND = 34,     /* u8 */
	PLI_PART_AT_ENCODING = 35, /* u8 */
	PLI_PART_AT_SOURCE = 36,
	PLI_PART_AT_HEADER_OFFSET = 40, /* u64 from here on */
	PLI_PART_AT_HEADER_LENGTH = 48,
	PLI_PART_AT_HEADER_LINES = 56,
	PLI_PART_AT_HEADER_BARE_LF = 64,
	PLI_PART_AT_BODY_OFFSET = 72,
	PLI_PART_AT_BODY_LENGTH = 80,
	PLI_PART_AT_BODY_LINES = 88,
	PLI_PART_AT_BODY_BARE_LF = 96,
	PLI_PART_AT_BODY_HASH = 104,
	PLI_PART_RECORD_SIZE = 112,
};

/* Field record. */
enum {
	PLI_FIELD_AT_OFFSET = 0,       /* u64 */
	PLI_FIELD_AT_LENGTH = 8,       /* u32 */
	PLI_FIELD_AT_HASH = 12,        /* u32 */
	PLI_FIELD_AT_BARE_LF = 16,     /* u32 */
	PLI_FIELD_AT_NAME_LENGTH = 20, /* u16 */
	PLI_FIELD_AT_VALUE_START = 22, /* u16 */
	PLI_FIELD_AT_NAME = 24,        /* u16 */
	PLI_FIELD_AT_FLAGS = 26,       /* u16 */
	PLI_FIELD_AT_SOURCE = 28,      /* u32 */
	PLI_FIELD_RECORD_SIZE = 32,
};

/* Item record; name and value lie side by side in the strings. */
enum {
	PLI_ITEM_AT_KIND = 0,         /* u16 */
	PLI_ITEM_AT_NAME_LENGTH = 2,  /* u16 */
	PLI_ITEM_AT_FIELD = 4,        /* u32 */
	PLI_ITEM_AT_STRING = 8,       /* u32 */
	PLI_ITEM_AT_VALUE_LENGTH = 12, /* u32 */
	PLI_ITEM_RECORD_SIZE = 16,
};

/* Defect record, sorted by source, offset, number, part. */
enum {
	PLI_DEFECT_AT_ID = 0,     /* u32 */
	PLI_DEFECT_AT_PART = 4,   /* u32 */
	PLI_DEFECT_AT_OFFSET = 8, /* u64 */
	PLI_DEFECT_AT_LENGTH = 16, /* u64 */
	PLI_DEFECT_AT_SOURCE = 24, /* u32 */
	PLI_DEFECT_RECORD_SIZE = 32,
};

/* Source record, in document order of their parts. */
enum {
	PLI_SOURCE_AT_PART = 0,     /* u32 */
	PLI_SOURCE_AT_OUTER = 4,    /* u32 */
	PLI_SOURCE_AT_ENCODING = 8, /* u32 */
	PLI_SOURCE_AT_TO_CRLF = 12, /* u32, 0 or 1 */
	PLI_SOURCE_AT_LENGTH = 16,  /* u64 */
	PLI_SOURCE_RECORD_SIZE = 24,
};

/* The checksum of a stored structure of `total` octets. */
guint64
pli_structure_compute_checksum(const guint8 *data, gsize total);

/* A structure that holds the `length` octets of its stored form itself: they
 * are to be put at *ret_data, and what is where is to be said. *spare, if not
 * NULL, is a structure that is no more; it is used or freed. */
PliStructure *
pli_structure_new_blank(gsize length, PliStructure **spare, guint8 **ret_data);

/* Whether the memory of a structure, of which the caller has one reference, may
 * be kept for the next: nobody else has one, and it is no big one. */
gboolean
pli_structure_is_spare(const PliStructure *structure);

/* Octets of memory. */
gsize
pli_structure_get_memory(const PliStructure *structure);

/* `n` records of `record` octets are at `data`. */
void
pli_structure_set_section(PliStructure *structure, guint32 id,
                          const guint8 *data, guint32 record, guint32 n);

#endif
